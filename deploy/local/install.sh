#!/bin/bash
# Installs the Debian packages that the platform needs on this machine.
#
#   deploy/local/install.sh            what `make up` and `make test` need
#   deploy/local/install.sh haproxy    the same, and these packages besides
#
# Prints and does nothing when all are there. Otherwise it says once what it
# will install and why, and installs that from Debian's own archive. No
# service is started, none will start at the next boot, and no service, cluster
# or setting that was there before is touched.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d
readonly no_cluster=/etc/postgresql-common/createcluster.d/zz-platform-no-main-cluster.conf
readonly lock=/run/lock/platform-install.lock

# reason prints why a package is wanted.
reason() {
  case $1 in
    postgresql-15)   echo 'databases of the control plane and of the cells' ;;
    pgbouncer)       echo 'connection pooler before each cell database' ;;
    redis-server)    echo 'cache of the edge and of each cell' ;;
    rabbitmq-server) echo 'job queues of the cells' ;;
    nats-server)     echo 'feed of directory changes to the routers' ;;
    haproxy)         echo 'what make bench-router compares the router with' ;;
    nginx)           echo 'likewise; and make smuggling puts it behind the router' ;;
    apache2|nodejs)  echo 'what make smuggling puts behind the router' ;;
    wrk)             echo 'what make bench-loadtest compares the load tester with' ;;
    spin|gcc)        echo 'what make model checks the protocol of migrations with' ;;
    chromium)        echo 'the browser that make test-browser drives' ;;
    prometheus)      echo 'metrics and alerts of the platform; promtool, which make test-alerts uses' ;;
    prometheus-alertmanager) echo 'mails what fires' ;;
    *)               echo 'asked for on the command line' ;;
  esac
}

main() {
  local as_root=no
  if [[ ${1:-} == --as-root ]]; then
    as_root=yes
    shift
  fi
  local wanted=(postgresql-15 pgbouncer redis-server rabbitmq-server nats-server prometheus prometheus-alertmanager "$@")

  local missing
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  if [[ $as_root == no ]]; then
    announce "${missing[@]}"
    become_root "$@"
  fi
  exec 9>"$lock"
  flock 9 # a second installation waits for the first one, then finds less missing
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if ((${#missing[@]} > 0)); then
    install_quietly "${missing[@]}"
  fi
}

# missing_of prints those of the packages that are not fully installed. Node may
# have come in another way.
missing_of() {
  local have
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  local package
  for package in "$@"; do
    if [[ $package == nodejs && -x /usr/bin/node ]]; then
      continue
    fi
    if [[ $'\n'$have$'\n' != *$'\ninstalled '"$package"$'\n'* ]]; then
      echo "$package"
    fi
  done
}

announce() {
  echo 'The platform needs these Debian packages, which are not installed yet:'
  local package
  for package in "$@"; do
    printf '  %-16s %s\n' "$package" "$(reason "$package")"
  done
}

# become_root returns as root, or continues in a new process that is.
become_root() {
  local now='Installing them now. Their services are neither started nor enabled.'
  if [[ $(id -u) == 0 ]]; then
    echo "$now"
    return 0
  fi
  if ! command -v sudo >/dev/null; then
    fail "this needs root, and sudo is not installed. Run as root: $0 $*"
  fi
  echo "$now (sudo may ask for your password.)"
  exec sudo -- "$(command -v bash)" "$0" --as-root "$@"
}

install_quietly() {
  local before log
  before=$(enabled_units)
  log=$(mktemp /tmp/platform-install.XXXXXX)
  trap restore EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  keep_services_down
  if ! install_packages "$@" >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    fail "apt-get could not install: $*
The whole output is in $log. Check the network and /etc/apt/sources.list (the \"main\" section of
Debian 12 has them all), then try by hand: apt-get update && apt-get install $*"
  fi
  rm -f "$log"
  disable_new_units "$before"
  echo "Installed: $*"
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  local install=("${apt[@]}" install -y --no-install-recommends --no-remove "$@")
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null && "${install[@]}" </dev/null 9>&-; then
    return 0
  fi
  # No lists yet, or lists too old to name versions that the archive still has.
  "${apt[@]}" update </dev/null 9>&- && "${install[@]}" </dev/null 9>&-
}

# keep_services_down makes maintainer scripts start nothing, and create no
# default Postgres cluster. restore takes back whatever it put there.
keep_services_down() {
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\n# Placed by %s while it installs packages.\nexit 101\n' "$0" >"$policy"
    chmod 755 "$policy"
    made_policy=yes
  fi
  mkdir -p "$(dirname "$no_cluster")"
  echo 'create_main_cluster = false' >"$no_cluster"
}

made_policy=no
restore() {
  if [[ $made_policy == yes ]]; then
    rm -f "$policy"
  fi
  rm -f "$no_cluster"
  rmdir --ignore-fail-on-non-empty "$(dirname "$no_cluster")" 2>/dev/null || true
}

# enabled_units lists the units that something links to, one a line: what is in
# the list after the installation and was not before, the installation enabled.
enabled_units() {
  find /etc/systemd/system -mindepth 2 -maxdepth 2 -type l \
    \( -path '*.wants/*' -o -path '*.requires/*' \) -printf '%f\n' 2>/dev/null | sort -u
}

disable_new_units() {
  if ! command -v systemctl >/dev/null; then
    return 0
  fi
  local fresh
  mapfile -t fresh < <(comm -13 <(echo "$1") <(enabled_units))
  if ((${#fresh[@]} > 0)) && ! systemctl --quiet disable "${fresh[@]}" >/dev/null 2>&1; then
    echo "Note: could not disable ${fresh[*]}; they would start at the next boot." >&2
  fi
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

main "$@"
