# Layers and archives of images; read by the scripts that build them. They set:
#
#   out    the folder for archives      tag    of the images
#   work   a folder that goes away

# A layer has the same bytes whenever its files do. Files of later than the date get the date.
layer() { # FOLDER TAR [DATE]
  tar -C "$1" --sort=name --mtime="@${3:-0}" ${3:+--clamp-mtime} --owner=0 --group=0 --numeric-owner -cf "$2" .
}

# Puts layers and a configuration together as `docker save` does.
archive() { # NAME SETTINGS CREATED LAYER…
  local name=$1 settings=$2 created=$3 folder=$work/$1-archive
  shift 3
  mkdir -p "$folder"
  node scripts/images/write-archive.ts --settings "$settings" --created "$created" --revision "$(revision)" "$folder" "$name:$tag" "$@"
  layer "$folder" "$out/$name.tar.new"
  mv "$out/$name.tar.new" "$out/$name.tar"
  say "$name:$tag is $(du -h --apparent-size "$out/$name.tar" | cut -f1)"
}

# The commit that the files are of; nothing where they were changed since, or have no git.
revision() { [ -n "$(git_here status --porcelain 2>&1)" ] || git_here rev-parse HEAD; }

# When the newest of its parts was made, Debian's packages and the commit: a time that another
# build of the same has as well.
created() { # BASE
  { git_here log -1 --format=%ct 2>/dev/null || true; find "$1" -type f -printf '%T@\n'; } | cut -d. -f1 | sort -n | tail -n 1
}

# Also as root in the checkout of another user.
git_here() { git -c safe.directory="$PWD" "$@"; }
