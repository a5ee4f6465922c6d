#!/bin/bash
# Whether the metastore names its databases, asked as a Thrift client asks: that takes the server and its PostgreSQL.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9083}"
# Strict binary protocol: version and "call", name, sequence number, no arguments.
printf '\x80\x01\x00\x01\x00\x00\x00\x11get_all_databases\x00\x00\x00\x01\x00' >&3
# Version and "reply", name, sequence number, and the type of the first field: a list is the result, a struct an exception.
answer=$(head -c 30 <&3 | od -An -v -tx1 | tr -d ' \n')
# What is left unread would reset the connection, and fill the server's log with that.
timeout 0.1 cat <&3 >/dev/null || true
[[ $answer == 80010002*00000001'0f' ]]
