#!/usr/bin/env bash
# The inside of fresh_clone.sh: start the house, see a playable video, Ctrl-C, see nothing left; or
# run the tests.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    tail -n 30 /root/run.log >&2
    exit 1
}

if [ "$1" = test ]; then
    exec ./scripts/test.sh
fi

url=http://127.0.0.1:8123
begun=$SECONDS
GATEHOUSE_ADMIN_PASSWORD=fresh-clone setsid ./scripts/run.sh --port 8123 >/root/run.log 2>&1 &
house=$!

healthy() { curl -s -o /dev/null --max-time 2 "$url/health"; }
until healthy; do
    kill -0 "$house" 2>/dev/null || fail "it ended by itself"
    [ $((SECONDS - begun)) -lt 900 ] || fail "the hub does not answer"
    sleep 1
done
printf '   the hub answers after %d s\n' $((SECONDS - begun))

curl -s -o /dev/null -c /root/jar -d name=admin -d password=fresh-clone "$url/login"
until video=$(curl -s -b /root/jar "$url/api/v1/events?limit=1" |
    grep -o '/api/v1/events/[0-9]*/media/mp4'); do
    [ $((SECONDS - begun)) -lt 1100 ] || fail "no event with a video"
    sleep 1
done
curl -s -b /root/jar -H 'Accept: text/html' "$url/" | grep -q 'class="card"' || fail "no card"
curl -s -b /root/jar "$url$video" -o /root/video.mp4
shown=$(ffprobe -v error -count_frames -select_streams v \
    -show_entries stream=codec_name,nb_read_frames -of csv=p=0 /root/video.mp4)
printf '   an event with its video (%s frames decoded) after %d s\n' "$shown" $((SECONDS - begun))

kill -INT "$house"
wait "$house" || true
sleep 1
left=$(pgrep -af 'central|agent|household' | grep -v fresh_clone || true)
[ -z "$left" ] || fail "processes are left: $left"
tail -n 1 /root/run.log | sed 's/^/   /'
