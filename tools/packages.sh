# SPDX-License-Identifier: Apache-2.0
# The Debian packages that each job of ./dev needs, and their installing. Sourced by ./dev.
# shellcheck shell=bash disable=SC2034,SC2154 # read by name; root is set by ./dev

packages_build=(
  g++ cmake ninja-build pkg-config ccache python3
  libldns-dev libcurl4-openssl-dev libsqlite3-dev libspdlog-dev libfmt-dev nlohmann-json3-dev
  libtomlplusplus-dev libcli11-dev libexpected-dev libpsl-dev libidn2-dev libssl-dev
  libmicrohttpd-dev prometheus-cpp-dev libsystemd-dev
)
packages_demo=(rbldnsd)
packages_unit=(catch2)
packages_test=(
  rbldnsd unbound nsd dnsmasq-base python3-aiosmtpd libfaketime faketime strace openssl
  chromium
)
packages_node=(nodejs npm)
packages_clang=(clang-14 libclang-rt-14-dev)
packages_format=(clang-format-14)
packages_lint=(clang-14 clang-tidy-14 clang-format-14 shellcheck)
packages_bench=(libc-ares-dev libadns1-dev dnsperf rbldnsd unbound nsd)

# need GROUP...: installs what of these groups is missing. Silent when nothing is.
need() {
  local group missing=() list package state
  for group in "$@"; do
    local -n list="packages_$group"
    for package in "${list[@]}"; do
      state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=absent
      [[ $state == installed ]] || missing+=("$package")
    done
  done
  ((${#missing[@]})) || return 0

  say "installing ${#missing[@]} missing Debian packages: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "these packages need root: apt-get install ${missing[*]}"
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo -n)  # nobody there to type a password
  fi
  "${as_root[@]}" bash "$root/tools/install_packages.sh" "${missing[@]}" ||
    die "the packages could not be installed; by hand: apt-get install ${missing[*]}"
}

# The npm packages of the browser tests, as tests/package-lock.json pins them. Silent when they are
# here. A Node from elsewhere brings its own npm, beside which Debian's can't be installed.
need_node_packages() {
  { command -v node && command -v npm; } >/dev/null || need node
  local lock=$root/tests/package-lock.json log
  local installed=$root/tests/node_modules/installed-lock.json
  ! cmp -s "$lock" "$installed" || return 0

  log=$(log_of npm)
  exec 7>"$root/build/npm.lock"
  flock 7  # another ./dev installs the same
  if ! cmp -s "$lock" "$installed"; then
    say "installing the npm packages of tests/package-lock.json"
    (cd "$root/tests" && npm ci --ignore-scripts) >"$log" 2>&1 ||
      { cat "$log" >&2; die "the npm packages could not be installed"; }
    cp "$lock" "$installed"
  fi
  exec 7>&-
}
