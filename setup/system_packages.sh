#!/bin/sh
# What the tests need besides Python packages: a browser, Chinese fonts, and git to plant
# defects in copies of the tree.
# As root on Debian or Ubuntu it installs what is missing; elsewhere it says at
# once what is missing and how to get it, and fails.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v git >/dev/null 2>&1 || missing="$missing git"
if ! command -v fc-list >/dev/null 2>&1 || [ -z "$(fc-list :lang=zh-cn family)" ]; then
  missing="$missing fontconfig fonts-noto-cjk"
fi
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing$missing …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # one word for each package
  exec apt-get install -y -qq --no-install-recommends $missing
fi

echo "The tests need these Debian packages (or the same programs of another system):$missing" >&2
echo "Get them with:  sudo apt-get install$missing" >&2
exit 1
