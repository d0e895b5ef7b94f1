#!/bin/sh
# groff.sh PAGE: fails when man(1) has a warning about it.
warnings=$(man --warnings --encoding=UTF-8 --local-file --troff-device=utf8 --ditroff "$1" 2>&1 > /dev/null)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
