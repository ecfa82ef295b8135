# Functions for layers of Debian packages, sourced by the scripts that build images. The packages
# have the versions of the archive at the time of the build. The scripts set:
#
#   work   a temporary folder      cache  the folder for layers and for apt's files

# Only the installation scripts of packages need these, and no such script runs here.
installers='^(adduser|debconf|dpkg|init-system-helpers|libgdbm.*|libperl.*|lib.*-perl|mawk|passwd|perl.*|sysvinit-utils|tar|tpm-udev|udev|usrmerge)$'

say() { printf '%s\n' "images: $*" >&2; }

# Runs apt with the archive of a suite and a separate state, but with the host's proxies.
debian_apt() { # SUITE COMMAND…
  local suite=$1
  shift
  APT_CONFIG=$cache/apt-$suite/apt.conf "$@"
}

configure_apt() { # SUITE
  local suite=$1 apt=$cache/apt-$1 mirror=http://deb.debian.org options
  options="signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
  # A mirror may have a copy of testing whose Release file has expired; its signature is verified.
  [ "$suite" != forky ] || options="$options check-valid-until=no"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial"
  : >"$apt/status"
  cat >"$apt/sources.list" <<LIST
deb [$options] $mirror/debian $suite main
deb [$options] $mirror/debian $suite-updates main
deb [$options] $mirror/debian-security $suite-security main
LIST
  {
    apt-config dump | grep -E '^Acquire::(http|https)::' || true
    cat <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
CONF
  } >"$apt/apt.conf"
}

# Whether apt could update its lists, by suite.
declare -A archives=()

# Whether apt could update its lists from the archive of a suite, which it does once per script.
archive_answers() { # SUITE
  if [ -z "${archives[$1]:-}" ]; then
    configure_apt "$1"
    archives[$1]=yes
    debian_apt "$1" apt-get update -qq >&2 || archives[$1]=no
  fi
  [ "${archives[$1]}" = yes ]
}

# Lists these packages and their dependencies, as NAME=VERSION.
debian_offers() { # SUITE PACKAGE…
  local suite=$1
  shift
  debian_apt "$suite" apt-get install --simulate -qq "$@" |
    sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' | awk -F= -v without="$installers" '$1 !~ without' | sort
}

# Writes a layer of packages to a file. It has the versions of the archive, and is built if the
# cache does not have it. Without the archive it is the last layer of the same packages.
debian_layer() { # NAME FILE SUITE PACKAGE…
  local name=$1 file=$2 suite=$3 recipe offered layer
  shift 3
  mkdir -p "$cache"
  exec 8>"$cache/lock"
  flock 8
  recipe=$cache/$name-$suite-$(cat images/debian.sh - <<<"$*" | sha256sum | cut -c1-12)
  if archive_answers "$suite"; then
    offered=$(debian_offers "$suite" "$@")
    layer=$recipe-$(sha256sum <<<"$offered" | cut -c1-12).tar
    [ -e "$layer" ] || make_debian_layer "$name" "$layer" "$suite" "$offered"
  else
    layer=$(ls -t "$recipe"-*.tar 2>/dev/null | head -n 1 || true)
    [ -n "$layer" ] || { say "$name: Debian's archive cannot be read, and the cache has no layer"; return 1; }
    say "WARNING: Debian's archive cannot be read: $name takes the packages of $(date -r "$layer" '+%F %R'), which may lack security fixes"
  fi
  ln "$layer" "$file" 2>/dev/null || cp "$layer" "$file"
  # The cache keeps two layers, for a change between branches.
  ls -tc "$cache/$name-$suite"-*.tar | tail -n +3 | xargs -r rm
  exec 8>&-
}

make_debian_layer() { # NAME FILE SUITE NAME=VERSION…
  local root=$work/$1-debian debs=$work/$1-debs deb name
  say "$1: fetching $(wc -l <<<"$4") packages of $3"
  mkdir -p "$debs" "$root"/usr/{bin,lib,lib64,sbin} "$root"/{proc,sys,dev,run,tmp}
  for name in bin lib lib64 sbin; do ln -s "usr/$name" "$root/$name"; done
  (cd "$debs" && xargs -a <(echo "$4") env APT_CONFIG="$cache/apt-$3/apt.conf" apt-get download -qq >&2)
  for deb in "$debs"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" --keep-directory-symlink -x
  done
  trim "$root"
  # Scanners read one file per package, as in distroless images; the image has no dpkg.
  mkdir -p "$root/var/lib/dpkg/status.d"
  for deb in "$debs"/*.deb; do
    dpkg-deb -f "$deb" >"$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"
  done
  ldconfig -r "$root"
  # ldconfig's own cache has inode numbers, which differ from build to build.
  rm -rf "$root/var/cache/ldconfig"
  # Files that this script created get the date of the newest file of a package.
  layer "$root" "$2.new" "$(find "$root" -type f -not -newer "$debs" -printf '%T@\n' | sort -n | tail -n 1)"
  mv "$2.new" "$2"
  rm -rf "$debs"
}

# Removes files that no container runs or reads, and the setuid bits, but keeps licence texts.
trim() ( # ROOT
  cd "$1"
  rm -rf usr/share/{man,locale,info,lintian,bash-completion,bug,zoneinfo,perl*} \
    var/{cache,lib,log}/* etc/{apt,systemd,init.d,rc*.d,cron*,apparmor.d} usr/lib/{systemd,apt,udev}
  find usr/share/doc -mindepth 2 -not -type d -not -name copyright -delete
  find usr/share/doc -mindepth 1 -type d -empty -delete
  find . -name '*.a' -delete
  find . -perm /6000 -type f -exec chmod ug-s {} +
)
