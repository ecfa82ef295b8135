# Layers and archives of images; read by the scripts that build them. They set:
#
#   out    the folder for archives      tag    of the images
#   work   a folder that goes away      cache  for what comes from Debian

say() { printf '%s\n' "images: $*" >&2; }

# A layer has the same bytes whenever its files do.
layer() { # FOLDER TAR
  tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$2" .
}

# A layer of Debian packages, without what only people read; gives its path.
debian_layer() { # NAME PACKAGE…
  local name=$1 packages target root suite=bookworm
  shift
  packages=$(IFS=,; echo "$*")
  target=$cache/$name-$suite-$(printf '%s' "$packages $(sed -n '/^debian_layer/,/^}/p' images/layers.sh)" | sha256sum | cut -c1-12).tar
  if [ ! -e "$target" ]; then
    say "$name: fetching packages"
    root=$work/$name-debian
    mmdebstrap --quiet --variant=extract --include="$packages" "$suite" "$root" >&2
    (
      cd "$root"
      rm -rf usr/share/{doc,man,locale,info,lintian,bash-completion,common-licenses,bug,zoneinfo,perl*} \
        var/{cache,lib,log}/* etc/{apt,systemd,init.d,apparmor.d} usr/lib/{systemd,apt} lib/systemd usr/lib/x86_64-linux-gnu/perl* \
        dev proc sys tmp run
      mkdir -p proc sys dev run tmp
      find . -name '*.a' -delete
      for link in lib lib64 bin sbin; do
        # Debian 12 merges /usr when its base is configured; nothing is configured here.
        [ ! -d "$link" ] || [ -L "$link" ] || { mkdir -p "usr/$link"; cp -a "$link/." "usr/$link/"; rm -rf "$link"; ln -s "usr/$link" "$link"; }
        [ -e "$link" ] || { [ -d "usr/$link" ] && ln -s "usr/$link" "$link"; } || true
      done
      ldconfig -r .
    )
    layer "$root" "$target.new"
    mv "$target.new" "$target"
  fi
  printf '%s\n' "$target"
}

# Puts layers and a configuration together as `docker save` does.
archive() { # NAME CONFIG LAYER…
  local name=$1 config=$2 folder=$work/$1-archive digests=() files=() digest one
  shift 2
  mkdir -p "$folder"
  for one in "$@"; do
    digest=$(sha256sum "$one" | cut -d' ' -f1)
    cp "$one" "$folder/$digest.tar"
    digests+=("\"sha256:$digest\"")
    files+=("\"$digest.tar\"")
  done
  cat >"$folder/config.json" <<JSON
{"architecture":"amd64","os":"linux","config":$config,"rootfs":{"type":"layers","diff_ids":[$(IFS=,; echo "${digests[*]}")]}}
JSON
  cat >"$folder/manifest.json" <<JSON
[{"Config":"config.json","RepoTags":["$name:$tag"],"Layers":[$(IFS=,; echo "${files[*]}")]}]
JSON
  tar -C "$folder" -cf "$out/$name.tar.new" .
  mv "$out/$name.tar.new" "$out/$name.tar"
  say "$name:$tag is $(du -h --apparent-size "$out/$name.tar" | cut -f1), $(gzip -1c "$out/$name.tar" | wc -c | awk '{ printf "%d MB", $1 / 1000000 }') compressed"
}
