# Functions for layers and archives of images, sourced by the scripts that build them. These set:
#
#   out    the folder for archives      tag    the tag of the images
#   work   a temporary folder

# Writes a layer; equal files produce equal bytes. Files with a later date get the given date.
layer() { # FOLDER TAR [DATE]
  tar -C "$1" --sort=name --mtime="@${3:-0}" ${3:+--clamp-mtime} --owner=0 --group=0 --numeric-owner -cf "$2" .
}

# Writes an archive of layers and a configuration in the format of `docker save`.
archive() { # NAME SETTINGS CREATED LAYER…
  local name=$1 settings=$2 created=$3 folder=$work/$1-archive
  shift 3
  mkdir -p "$folder"
  node scripts/images/write-archive.ts --settings "$settings" --created "$created" --revision "$(revision)" "$folder" "$name:$tag" "$@"
  layer "$folder" "$out/$name.tar.new"
  mv "$out/$name.tar.new" "$out/$name.tar"
  say "$name:$tag is $(du -h --apparent-size "$out/$name.tar" | cut -f1)"
}

# Prints the commit of the files; nothing if they have changes or are not in a git repository.
revision() { [ -n "$(git_here status --porcelain 2>&1)" ] || git_here rev-parse HEAD; }

# Prints the date of the newest part, of Debian's packages and the commit, so that another build
# of the same parts has the same date.
created() { # BASE
  { git_here log -1 --format=%ct 2>/dev/null || true; find "$1" -type f -printf '%T@\n'; } | cut -d. -f1 | sort -n | tail -n 1
}

# Runs git, also as root in the checkout of another user.
git_here() { git -c safe.directory="$PWD" "$@"; }
