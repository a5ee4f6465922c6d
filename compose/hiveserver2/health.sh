#!/bin/bash
# Whether HiveServer2 lets a client in: the opening of its protocol, SASL with mechanism PLAIN and any name.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-10000}"
printf '\x01\x00\x00\x00\x05PLAIN' >&3
printf '\x05\x00\x00\x00\x10\x00health\x00anything' >&3
# 5: complete; and nothing more to say.
[[ $(head -c 5 <&3 | od -An -v -tx1 | tr -d ' \n') == 0500000000 ]]
