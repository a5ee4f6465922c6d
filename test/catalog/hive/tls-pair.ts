// A key pair that protects nothing: self-signed for localhost and 127.0.0.1, for tests of TLS on loopback.
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 36500 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0l5oTPF7BeNDpLns
NG6zVFT9mCevdyk+kEXSHk7Jl5uhRANCAAR4+TgFCXWXF7APyWdHwBjvhQoUZLdr
uiJgP+DfmBnGQdwRLJnJAVZmNTRdoO3Re8EfAIHhgSTekg0GBGunoTyL
-----END PRIVATE KEY-----`;
export const CERT = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUdysPBmMiL4k6aIC22p2BVTlHQ1swCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAxMjMxNloYDzIxMjYxMDI4
MDEyMzE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR4+TgFCXWXF7APyWdHwBjvhQoUZLdruiJgP+DfmBnGQdwRLJnJAVZm
NTRdoO3Re8EfAIHhgSTekg0GBGunoTyLo28wbTAdBgNVHQ4EFgQU6Oidjip9HEmc
NFpVrIuAsX+VM58wHwYDVR0jBBgwFoAU6Oidjip9HEmcNFpVrIuAsX+VM58wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgFevtMeUjsZW4BUpFodFf7re5IXiHnU5FLV4lfKMT+S8CICbH
/YdqOcJN/LXMQzDMBrxR8Xi21DTzR9pPeStf44mv
-----END CERTIFICATE-----`;
