#!/usr/bin/env bash
# Sets up a clone: the system libraries that a wheel cannot bring, a virtual environment, the package.
# `setup.sh run` or `setup.sh test`. What is there already is left alone, so that the second call is quick.
# macOS still brings bash 3.2: there, an empty array counts as unset, hence ${array[@]+"${array[@]}"}.
set -euo pipefail
cd "$(dirname "$0")/.."
here="$(pwd -P)"

purpose="${1:-run}"
python="${PYTHON:-python3}"
venv=.venv

say() { printf 'voicego set-up: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# --- system libraries ----------------------------------------------------------------------------------------------

# Each need: how to see that it is there | what it is for | package for apt, dnf, pacman, zypper, brew (- where none is needed)
needs_run=(
  "library portaudio|hearing the microphone|libportaudio2|portaudio|portaudio|portaudio|portaudio"
  "command parec|hearing what a sound server has|pulseaudio-utils|pulseaudio-utils|libpulse|pulseaudio-utils|-"
  "module ensurepip|making a virtual environment|python3-venv|-|-|-|-"
)
needs_test=(
  "command pulseaudio|a sound server for the tests|pulseaudio|pulseaudio|pulseaudio|pulseaudio|-"
  "plugin pulse|hearing it through ALSA|libasound2-plugins|alsa-plugins-pulseaudio|alsa-plugins|alsa-plugins-pulse|-"
  "command Xvfb|a screen for the tests|xvfb|xorg-x11-server-Xvfb|xorg-server-xvfb|xorg-x11-server-Xvfb|-"
  "command tint2|a tray for the tests|tint2|tint2|tint2|tint2|-"
  "command dbus-run-session|a message bus for the tests|dbus|dbus-daemon|dbus|dbus-1|-"
  "mock dbusmock|a mocked logind for the tests|python3-dbusmock|python3-dbusmock|python-dbusmock|python3-python-dbusmock|-"
  "command espeak-ng|a synthetic voice for the tests|espeak-ng|espeak-ng|espeak-ng|espeak-ng|espeak-ng"
  "command flite|a synthetic voice for the tests|flite|flite|flite|flite|-"
  "command sox|sounds for the tests|sox|sox|sox|sox|sox"
  "command desktop-file-validate|a check of desktop entries|desktop-file-utils|desktop-file-utils|desktop-file-utils|desktop-file-utils|-"
  "command gio|a desktop's way to start its entries|libglib2.0-bin|glib2|glib2|glib2-tools|-"
  "command appstreamcli|a check of AppStream metadata|appstream|appstream|appstream|AppStream|-"
  "command systemd-analyze|a check of units|systemd|systemd|systemd|systemd|-"
  "command lintian|a check of the Debian package|lintian|-|-|-|-"
  "command strace|seeing what is written and dialled in the tests|strace|strace|strace|strace|-"
  "command unshare|a network namespace for the tests|util-linux|util-linux|util-linux|util-linux|-"
)

manager() {
  local each
  for each in apt-get dnf pacman zypper brew; do
    command -v "$each" >/dev/null && { echo "$each"; return; }
  done
  echo none
}

there() { # there KIND NAME
  case "$1" in
    command) command -v "$2" >/dev/null ;;
    library) "$python" -c "import ctypes.util, sys; sys.exit(not ctypes.util.find_library('$2'))" \
      || [ -e "${HOMEBREW_PREFIX:-/opt/homebrew}/lib/lib$2.dylib" ] ;;
    module) "$python" -c "import $2" 2>/dev/null ;;
    mock) /usr/bin/python3 -c "import $2" 2>/dev/null ;;  # the distribution's own: it stands on dbus-python and GObject
    plugin) compgen -G "/usr/lib*/*/alsa-lib/libasound_module_pcm_$2.so" >/dev/null \
      || compgen -G "/usr/lib*/alsa-lib/libasound_module_pcm_$2.so" >/dev/null ;;
  esac
}

install_system() {
  # PortAudio comes inside sounddevice's wheels everywhere but on Linux.
  [ "$(uname -s)" = Linux ] || [ "$purpose" = test ] || return 0
  local manager needs need seen what column packages=() reasons=()
  manager="$(manager)"
  needs=("${needs_run[@]}")
  [ "$purpose" = test ] && needs+=("${needs_test[@]}")
  case "$manager" in
    apt-get) column=3 ;; dnf) column=4 ;; pacman) column=5 ;; zypper) column=6 ;; brew) column=7 ;; *) column=3 ;;
  esac
  for need in "${needs[@]}"; do
    IFS='|' read -r seen what _ <<<"$need"
    # shellcheck disable=SC2086 # two words on purpose
    there $seen && continue
    local package
    package="$(cut -d'|' -f"$column" <<<"$need")"
    [ "$package" = - ] && continue
    packages+=("$package")
    reasons+=("$package ($what)")
  done
  [ ${#packages[@]} -eq 0 ] && return 0
  local listed
  listed="$(printf '%s, ' "${reasons[@]}")"
  say "missing on this system: ${listed%, }"
  local command
  case "$manager" in
    apt-get) command="apt-get install -y --no-install-recommends ${packages[*]}" ;;
    dnf) command="dnf install -y ${packages[*]}" ;;
    pacman) command="pacman -S --needed --noconfirm ${packages[*]}" ;;
    zypper) command="zypper --non-interactive install ${packages[*]}" ;;
    brew) command="brew install ${packages[*]}" ;;
    *) without "install these with your system's package manager, by these or similar names: ${packages[*]}"; return ;;
  esac
  if [ "$manager" = brew ] || [ "$(id -u)" = 0 ]; then
    say "running: $command"
    system "$manager" "" "$command" || without "that failed; see above"
  elif [ -t 0 ] && command -v sudo >/dev/null; then
    local answer
    read -r -p "voicego set-up: run \"sudo $command\" now? [y/N] " answer
    if [[ "$answer" == [yY]* ]]; then
      system "$manager" sudo "$command" || without "that failed; see above"
    else
      without "when you want to: sudo $command"
    fi
  else
    without "nobody can be asked for a password here; run yourself: sudo $command"
  fi
}

system() { # system MANAGER SUDO COMMAND
  # shellcheck disable=SC2086 # words on purpose
  if [ "$1" = apt-get ]; then
    export DEBIAN_FRONTEND=noninteractive
    # The lists may be missing or old: fetched only when the first try shows it.
    $2 $3 -qq >/dev/null 2>&1 || { $2 apt-get update -qq && $2 $3 -qq >/dev/null; }
  else
    $2 $3
  fi
}

without() {
  say "$*"
  [ "$purpose" = run ] || fail "the tests cannot do without"
  there library portaudio || there command parec || say "going on; with neither PortAudio nor parec voicego hears files only"
}

# --- Python --------------------------------------------------------------------------------------------------------

make_venv() {
  command -v "$python" >/dev/null || fail "there is no $python; install Python 3.11 or newer, or name one: make run PYTHON=python3.12"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "$("$python" --version) is too old; Python 3.11 or newer is needed: make run PYTHON=python3.12"
  # A virtual environment knows its own place: one that was moved with its folder, or whose Python went, is made anew.
  grep -qsF "$here/$venv" "$venv/pyvenv.cfg" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
  say "making the virtual environment $venv"
  rm -rf "$venv"
  "$python" -m venv "$venv" || fail "cannot make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv"
}

# PyPI's torch for Linux brings gigabytes of CUDA; this index has the same without.
cpu_index=https://download.pytorch.org/whl/cpu

reachable() {
  "$python" -c "import urllib.request; urllib.request.urlopen('$1/torch/', timeout=5)" 2>/dev/null \
    || { say "$1 cannot be reached; taking torch from where pip looks, which may bring gigabytes of CUDA"; return 1; }
}

install_package() {
  # The stamp holds what an installation depends on.
  local stamp="$venv/.voicego-$purpose" now extra=""
  [ "$purpose" = test ] && extra="[test,train,export]"
  now="$(cat pyproject.toml constraints.txt | cksum) $here"
  # What the tests need holds all that a run needs.
  for stamp in "$stamp" "$venv/.voicego-test"; do
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return
  done
  stamp="$venv/.voicego-$purpose"
  say "installing voicego and what it needs into $venv; torch alone is 200 MB, this takes some minutes"
  local index=()
  case "${TORCH_INDEX:-auto}" in
    none) ;;
    auto) [ "$(uname -s)" = Linux ] && reachable "$cpu_index" && index=(--extra-index-url "$cpu_index") ;;
    *) index=(--extra-index-url "$TORCH_INDEX") ;;
  esac
  # torch first and by its exact version: so pip takes a build that lies on the disk, where there is one.
  local pip=("$venv/bin/python" -m pip install -q --disable-pip-version-check ${index[@]+"${index[@]}"})
  "${pip[@]}" -c constraints.txt "$(grep '^torch==' constraints.txt)"
  "${pip[@]}" -c constraints.txt -e ".$extra"
  printf '%s' "$now" >"$stamp"
}

command -v "$python" >/dev/null && install_system
make_venv
install_package
