#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The part of ./dev that needs root: installs the named Debian packages and asks
# nothing. Name servers among them are for the tests, which start their own on
# ports of their own: those that come new with us are neither started nor enabled.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
readonly lock=/run/lock/rblwatch-dev-install.lock
readonly policy=/usr/sbin/policy-rc.d
log=$(mktemp)
readonly log
our_policy=no

clean_up() {
  [[ $our_policy == no ]] || rm -f "$policy"
  rm -f "$log"
}
trap clean_up EXIT

exec 9>"$lock"
flock 9  # another ./dev is installing: wait for it

# Debian's way to say "don't start services now"; a policy of the machine's own stays as it is.
if [[ ! -e $policy ]]; then
  our_policy=yes
  printf '#!/bin/sh\n# for the time of one installation, by rblwatch/dev\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

new_servers=()
for package in "$@"; do
  case $package in
    rbldnsd | unbound | nsd) new_servers+=("$package") ;;
  esac
done

# apt_get ARG...: waits for another package manager instead of failing.
apt_get() {
  local try
  for try in 1 2 3 4 5 6; do
    if apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1; then
      return 0
    fi
    grep -q 'Could not get lock' "$log" || break
    echo "install: another package manager is at work (try $try of 6)"
    sleep 10
  done
  cat "$log" >&2
  return 1
}

apt_get update || echo "install: the package lists could not be renewed; trying with those here"
apt_get install -y --no-install-recommends "$@"

if ((${#new_servers[@]})); then
  if [[ -d /run/systemd/system ]]; then
    systemctl disable --now --quiet "${new_servers[@]}" 2>/dev/null || true
  fi
  echo "install: ${new_servers[*]} left stopped and disabled as services (the tests start their own)"
fi
