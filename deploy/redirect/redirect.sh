#!/bin/sh
# Leads the TCP connections that leave this network namespace to the client proxy in it. README.md says how and why.
set -eu

TABLE=sallyport_redirect
CHAIN=SALLYPORT_REDIRECT
tool='' proxy='' port=15001 only='' dns='' guard='' loopback='' within='' except='' spared=''

usage() {
  cat <<'TEXT'
usage: redirect.sh up|down|print [OPTION...]

  up      load the rules; loading them again replaces them
  down    take them away
  print   print what `up` would load

  --proxy-user USER   whose connections stay as they are: the proxy's own. Needed by up and print
  --port PORT         where the proxy takes redirected connections. Default: 15001
  --only-user USER    redirect this user's connections alone. Repeatable. Default: everybody's
  --dns ADDRESS       leave TCP to port 53 of this address alone. Repeatable. UDP is always left alone
  --include-cidr NET  redirect what goes to this network alone. Repeatable. Default: everything; `none`: nothing
  --exclude-cidr NET  leave what goes to this network alone. Repeatable
  --exclude-port PORT leave what goes to this port alone. Repeatable
  --guard             refuse the proxy itself link-local addresses and this machine's, but for --loopback ports
  --loopback PORT     a port of 127.0.0.1 or ::1 that a guarded proxy needs, such as 15010. Repeatable
  --with nft|iptables which tool. Default: the first of them that there is
TEXT
}

fail() {
  printf 'redirect.sh: %s\n' "$*" >&2
  exit 2
}

# A name or a number, printed as a number: rules outlive what a name means.
uid() {
  case $1 in
    '' | *[!0-9]*) id -u -- "$1" 2>/dev/null || fail "user \"$1\" does not exist (expected: a user's name or number)" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

number() {
  case $1 in
    '' | *[!0-9]* | ??????*) fail "$2 \"$1\" (expected: a port from 1 to 65535)" ;;
  esac
  { [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; } || fail "$2 \"$1\" (expected: a port from 1 to 65535)"
  printf '%s\n' "$1"
}

# An address alone: what is pasted into rules must not bring rules of its own.
address() {
  case $1 in
    '' | *[!0-9a-fA-F.:]*) fail "--dns \"$1\" (expected: an IPv4 or IPv6 address)" ;;
  esac
  printf '%s\n' "$1"
}

# The same with the length of a network's prefix, or without.
network() {
  case $2 in
    */*) size=${2#*/} ;;
    *:*) size=128 ;;
    *) size=32 ;;
  esac
  case ${2%%/*} in
    '' | *[!0-9a-fA-F.:]*) fail "$1 \"$2\" (expected: a network like 10.0.0.0/8)" ;;
  esac
  case $size in
    '' | *[!0-9]* | ????*) fail "$1 \"$2\" (expected: a network like 10.0.0.0/8)" ;;
  esac
  printf '%s/%s\n' "${2%%/*}" "$size"
}

# Those of one family: 4 or 6, then networks.
of_family() {
  family=$1
  shift
  for each in "$@"; do
    case $family:$each in
      6:*:*) printf '%s ' "$each" ;;
      4:*:*) ;;
      4:*) printf '%s ' "$each" ;;
    esac
  done
}

# Words with commas between them.
listed() {
  printf '%s' "$*" | tr -s ' ' ','
}

nft_rules() {
  printf 'table inet %s\ndelete table inet %s\ntable inet %s {\n' "$TABLE" "$TABLE" "$TABLE"
  printf '  chain output {\n    type nat hook output priority -100; policy accept;\n'
  printf '    meta skuid %s return\n' "$proxy"
  [ -z "$only" ] || printf '    meta skuid != { %s } return\n' "$(listed $only)"
  printf '    oifname "lo" return\n'
  for server in $dns; do
    case $server in
      *:*) printf '    ip6 daddr %s tcp dport 53 return\n' "$server" ;;
      *) printf '    ip daddr %s tcp dport 53 return\n' "$server" ;;
    esac
  done
  for each in $except; do
    case $each in
      *:*) printf '    ip6 daddr %s return\n' "$each" ;;
      *) printf '    ip daddr %s return\n' "$each" ;;
    esac
  done
  [ -z "$spared" ] || printf '    tcp dport { %s } return\n' "$(listed $spared)"
  if [ -z "$within" ]; then
    printf '    meta l4proto tcp redirect to :%s\n' "$port"
  fi
  for each in $within; do
    case $each in
      none) ;;
      *:*) printf '    ip6 daddr %s meta l4proto tcp redirect to :%s\n' "$each" "$port" ;;
      *) printf '    ip daddr %s meta l4proto tcp redirect to :%s\n' "$each" "$port" ;;
    esac
  done
  printf '  }\n'
  if [ -n "$guard" ]; then
    printf '  chain guard {\n    type filter hook output priority 0; policy accept;\n'
    printf '    meta skuid != %s return\n    meta l4proto != tcp return\n    ct state established,related return\n' "$proxy"
    [ -z "$loopback" ] || printf '    oifname "lo" tcp dport { %s } return\n' "$(listed $loopback)"
    printf '    oifname "lo" reject with tcp reset\n'
    printf '    ip daddr 169.254.0.0/16 reject with tcp reset\n'
    printf '    ip6 daddr { fe80::/10, fd00:ec2::254 } reject with tcp reset\n  }\n'
  fi
  printf '}\n'
}

# $1: iptables or ip6tables. One command a line, so that printing and loading are the same text.
iptables_rules() {
  nat="$1 -w -t nat"
  printf '%s -N %s\n' "$nat" "$CHAIN"
  printf '%s -A %s -m owner --uid-owner %s -j RETURN\n' "$nat" "$CHAIN" "$proxy"
  printf '%s -A %s -o lo -j RETURN\n' "$nat" "$CHAIN"
  for server in $dns; do
    case $1:$server in
      iptables:*:*) ;;
      iptables:* | ip6tables:*:*) printf '%s -A %s -d %s -p tcp --dport 53 -j RETURN\n' "$nat" "$CHAIN" "$server" ;;
    esac
  done
  family=4
  [ "$1" = iptables ] || family=6
  for each in $(of_family $family $except); do
    printf '%s -A %s -d %s -j RETURN\n' "$nat" "$CHAIN" "$each"
  done
  for each in $spared; do
    printf '%s -A %s -p tcp --dport %s -j RETURN\n' "$nat" "$CHAIN" "$each"
  done
  # Each network, or the one of all addresses, and in it each user, or everybody.
  all='0.0.0.0/0'
  [ "$1" = iptables ] || all='::/0'
  if [ -n "$within" ]; then networks=$(of_family $family $within); else networks=$all; fi
  for each in $networks; do
    [ "$each" != none ] || continue
    if [ -z "$only" ]; then
      printf '%s -A %s -d %s -p tcp -j REDIRECT --to-ports %s\n' "$nat" "$CHAIN" "$each" "$port"
    fi
    for user in $only; do
      printf '%s -A %s -d %s -p tcp -m owner --uid-owner %s -j REDIRECT --to-ports %s\n' \
        "$nat" "$CHAIN" "$each" "$user" "$port"
    done
  done
  printf '%s -A OUTPUT -p tcp -j %s\n' "$nat" "$CHAIN"
  [ -n "$guard" ] || return 0
  filter="$1 -w -t filter"
  printf '%s -N %s\n' "$filter" "$CHAIN"
  printf '%s -A %s -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n' "$filter" "$CHAIN"
  for own in $loopback; do
    printf '%s -A %s -o lo -p tcp --dport %s -j RETURN\n' "$filter" "$CHAIN" "$own"
  done
  inside='169.254.0.0/16'
  [ "$1" = iptables ] || inside='fe80::/10 fd00:ec2::254'
  printf '%s -A %s -o lo -p tcp -j REJECT --reject-with tcp-reset\n' "$filter" "$CHAIN"
  for network in $inside; do
    printf '%s -A %s -d %s -p tcp -j REJECT --reject-with tcp-reset\n' "$filter" "$CHAIN" "$network"
  done
  printf '%s -A OUTPUT -p tcp -m owner --uid-owner %s -j %s\n' "$filter" "$proxy" "$CHAIN"
}

iptables_down() {
  for family in iptables ip6tables; do
    for table in nat filter; do
      # The rule that leads to our chain, whatever it was loaded with.
      "$family" -w -t "$table" -S OUTPUT 2>/dev/null | grep -e "-j $CHAIN\$" | sed 's/^-A/-D/' | while read -r rule; do
        # shellcheck disable=SC2086
        "$family" -w -t "$table" $rule
      done
      "$family" -w -t "$table" -F "$CHAIN" 2>/dev/null && "$family" -w -t "$table" -X "$CHAIN"
    done
  done
  return 0
}

families() {
  printf 'iptables\n'
  [ ! -e /proc/sys/net/ipv6 ] || printf 'ip6tables\n'
}

[ $# -gt 0 ] || { usage >&2; exit 2; }
verb=$1
shift
while [ $# -gt 0 ]; do
  case $1 in
    --guard) guard=yes && shift && continue ;;
    --proxy-user | --port | --only-user | --dns | --loopback | --with | --include-cidr | --exclude-cidr | --exclude-port) [ $# -gt 1 ] || fail "$1 needs a value" ;;
    *) fail "\"$1\" (expected: an option that \`redirect.sh help\` lists)" ;;
  esac
  case $1 in
    --proxy-user) proxy=$(uid "$2") ;;
    --port) port=$(number "$2" --port) ;;
    --only-user) only="$only $(uid "$2")" ;;
    --dns) dns="$dns $(address "$2")" ;;
    --include-cidr)
      case $2 in
        none) within="$within none" ;;
        *) within="$within $(network "$1" "$2")" ;;
      esac
      ;;
    --exclude-cidr) except="$except $(network "$1" "$2")" ;;
    --exclude-port) spared="$spared $(number "$2" --exclude-port)" ;;
    --loopback) loopback="$loopback $(number "$2" --loopback)" ;;
    --with)
      case $2 in
        nft | iptables) tool=$2 ;;
        *) fail "--with \"$2\" (expected: nft or iptables)" ;;
      esac
      ;;
  esac
  shift 2
done
only=${only# } dns=${dns# } loopback=${loopback# } within=${within# } except=${except# } spared=${spared# }

if [ -z "$tool" ]; then
  if command -v nft >/dev/null 2>&1; then tool=nft; else tool=iptables; fi
fi
case $verb in
  up | print) [ -n "$proxy" ] || fail "--proxy-user is needed: without it the proxy would be led to itself" ;;
esac
[ "$proxy" != 0 ] || fail "--proxy-user \"0\" (expected: a user of the proxy's own; what runs as root would pass by)"

case $verb:$tool in
  up:nft) nft_rules | nft -f - ;;
  up:iptables)
    iptables_down
    for family in $(families); do iptables_rules "$family"; done | sh -e
    ;;
  down:nft) nft list table inet "$TABLE" >/dev/null 2>&1 && nft delete table inet "$TABLE" || : ;;
  down:iptables) iptables_down ;;
  print:nft) nft_rules ;;
  print:iptables) for family in $(families); do iptables_rules "$family"; done ;;
  help:*) usage ;;
  *) fail "\"$verb\" (expected: up, down, print or help)" ;;
esac
