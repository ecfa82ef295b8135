#!/bin/bash
# hold.sh HOST PORT COUNT: asks a greeter by that many connections, prints its answers, and keeps the
# connections open until it is ended.
set -eu
for ((n = 0; n < $3; n++)); do
  exec {connection}<>"/dev/tcp/$1/$2"
  echo '?' >&"$connection"
  read -r answer <&"$connection"
  echo "$answer"
done
exec sleep infinity
