#!/bin/bash
# flags.sh PAGE PROGRAM: fails when the manual page and --help do not name the same flags.
set -euo pipefail
flags() { grep -o -E -- '--[a-z][a-z.-]*' | sed 's/[.-]*$//' | sort -u; }
diff <(mandoc -Tascii -O width=200 "$1" | sed 's/.\x08//g' | sed -n '/^DESCRIPTION/,/^   Pages/p' | grep -E '^     (-h, )?--' | flags) \
  <("$2" --help | flags)
