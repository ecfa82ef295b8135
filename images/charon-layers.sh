# The layers of Debian packages in charon's images, sourced by the scripts that build the images and
# by the lab, which runs the same charon; debian.sh is sourced before.

# Writes the layer of an image to a file.
charon_layer() { # NAME FILE
  # busybox and flock are for the entrypoint, netbase for the names of protocols in selectors.
  local common=(base-files busybox-static util-linux netbase strongswan-swanctl charon-systemd)
  case $1 in
    ipman-charon) debian_layer "$1" "$2" forky "${common[@]}" ;;
    # For IKEv1, which charon 6.1 does not have.
    ipman-charon-legacy)
      debian_layer "$1" "$2" bookworm "${common[@]}" strongswan-charon \
        libcharon-extra-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins
      ;;
  esac
}

# Prints charon's settings without the plugins that its packages lack; charon would report each one
# as a failure. In the packages of charon 6.1 most algorithms are openssl's.
charon_settings() { # ROOT
  local plugin all present=()
  all=$(sed -n 's/^ *load = //p' images/strongswan.conf)
  for plugin in $all; do
    [ ! -e "$1/usr/lib/ipsec/plugins/libstrongswan-$plugin.so" ] || present+=("$plugin")
  done
  sed "s/^\( *load = \).*/\1${present[*]}/" images/strongswan.conf
}
