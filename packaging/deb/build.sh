#!/usr/bin/env bash
# Builds voicego_VERSION_ARCHITECTURE.deb from the environment .venv: `build.sh [FOLDER]`, by default dist/.
# Needs dpkg-deb. COMPRESSION=gzip LEVEL=1 is quick and large; the default is xz. The Debian that it is for must have
# the Python version of .venv as its python3, because some of the libraries are compiled for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

target="$(mkdir -p "${1:-dist}" && cd "${1:-dist}" && pwd)"
venv="${VENV:-.venv}"
command -v dpkg-deb >/dev/null || { echo "build.sh: there is no dpkg-deb; on Debian and Ubuntu it is in dpkg" >&2; exit 1; }

version="$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' src/voicego/__init__.py)"
architecture="$(dpkg --print-architecture)"
read -r python next < <("$venv/bin/python" -c 'import sys; a, b = sys.version_info[:2]; print(f"{a}.{b} {a}.{b + 1}")')
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
umask 022

# A virtual environment at a fixed place: the program and the processes that it starts all find their libraries, and
# nothing of it shows in the environment of what an action opens.
home="$tree/usr/lib/voicego"
mkdir -p "$home/bin"
"$venv/bin/python" packaging/collect.py "$home/lib/python$python/site-packages"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$python" >"$home/pyvenv.cfg"
ln -s ../../../bin/python3 "$home/bin/python3"
for name in voicego voicego-tray; do
  call="main"
  [ "$name" = voicego ] || call="tray"
  printf '#!/usr/lib/voicego/bin/python3\nfrom voicego.cli import %s\n\n%s()\n' "$call" "$call" >"$home/bin/$name"
  chmod 755 "$home/bin/$name"
  mkdir -p "$tree/usr/bin"
  ln -s "../lib/voicego/bin/$name" "$tree/usr/bin/$name"
done

put() { install -D -m 644 "$1" "$tree/$2"; }
id=org.voicego.voicego
put packaging/linux/$id.desktop usr/share/applications/$id.desktop
put packaging/linux/$id.metainfo.xml usr/share/metainfo/$id.metainfo.xml
put packaging/icons/voicego.svg usr/share/icons/hicolor/scalable/apps/voicego.svg
for size in 16 24 32 48 64 128 256; do
  put packaging/icons/voicego/$size.png usr/share/icons/hicolor/${size}x$size/apps/voicego.png
done
put packaging/deb/copyright usr/share/doc/voicego/copyright
put packaging/deb/overrides usr/share/lintian/overrides/voicego
put packaging/linux/voicego.1 usr/share/man/man1/voicego.1
gzip -9n "$tree/usr/share/man/man1/voicego.1"
ln -s voicego.1.gz "$tree/usr/share/man/man1/voicego-tray.1.gz"
{
  printf 'voicego (%s) unstable; urgency=medium\n\n' "$version"
  printf '  * See /usr/share/doc/voicego/NEWS.gz, or CHANGELOG.md of the source.\n\n'
  printf ' -- The voicego authors <voicego@voicego.invalid>  %s\n' "$(date -R -u -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$tree/usr/share/doc/voicego/changelog.gz"
gzip -9nc CHANGELOG.md >"$tree/usr/share/doc/voicego/NEWS.gz"
find "$tree/usr" -type f ! -perm /111 -exec chmod 644 {} +
find "$home/lib" -type f -exec chmod 644 {} +

mkdir "$tree/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@PYTHON@/$python/" \
  -e "s/@PYTHON_NEXT@/$next/" -e "s/@SIZE@/$(du -sk "$tree/usr" | cut -f1)/" \
  packaging/deb/control.in >"$tree/DEBIAN/control"
install -m 755 packaging/deb/postinst packaging/deb/prerm "$tree/DEBIAN/"
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

package="$target/voicego_${version}_$architecture.deb"
dpkg-deb --root-owner-group -Z"${COMPRESSION:-xz}" -z"${LEVEL:-6}" --build "$tree" "$package" >/dev/null
echo "$package"
