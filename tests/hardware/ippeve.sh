# Runs ippeveprinter, which needs avahi and D-Bus, inside fresh namespaces: everything started
# here dies with them and nothing is announced on the real network.
# usage: unshare … sh ippeve.sh SPOOL PYTHON
set -e
spool=$1
python=$2

mount -t tmpfs none /run
mkdir -p /run/dbus /run/avahi-daemon "$spool/pdf" "$spool/raster" "$spool/broken"

# Without root there is one user only; avahi wants to give its folder to a user of its own.
sed 's/^avahi:x:[0-9]*:[0-9]*:/avahi:x:0:0:/' /etc/passwd > /run/passwd
sed 's/^avahi:x:[0-9]*:/avahi:x:0:/' /etc/group > /run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group

ip link set lo up
ip link add ward0 type veth peer name ward1
ip addr add 10.77.0.1/24 dev ward0
ip link set ward0 up multicast on
ip link set ward1 up
ip route add 224.0.0.0/4 dev ward0

cat > /run/dbus.conf <<'CONF'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
CONF
cat > /run/avahi.conf <<'CONF'
[server]
allow-interfaces=ward0,lo
use-ipv6=no
CONF
cat > /run/broken.sh <<'CONF'
#!/bin/sh
echo "STATE: +media-empty-error" >&2
exit 1
CONF
chmod +x /run/broken.sh

until_there() {
  tries=0
  until "$@" > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "not there: $*" >&2; exit 9; }
    sleep 0.1
  done
}

dbus-daemon --config-file=/run/dbus.conf --nofork --nopidfile > /dev/null 2>&1 &
until_there test -S /run/dbus/system_bus_socket
avahi-daemon -f /run/avahi.conf --no-chroot --no-drop-root --no-rlimits > /dev/null 2>&1 &
until_there test -S /run/avahi-daemon/socket

start() { # port name folder formats more…
  port=$1 name=$2 folder=$3 formats=$4
  shift 4
  ippeveprinter -k -d "$spool/$folder" -n localhost -p "$port" -f "$formats" "$@" "$name" \
    > "$spool/$folder.log" 2>&1 &
  until_there ipptool -q "ipp://localhost:$port/ipp/print" get-printer-attributes.test
}
start 8631 "Ward pdf" pdf application/pdf,image/pwg-raster
start 8632 "Ward raster" raster image/pwg-raster
start 8633 "Ward broken" broken application/pdf -c /run/broken.sh

exec "$python" -W error -m tests.hardware.ippeve_session
