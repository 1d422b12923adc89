#!/usr/bin/perl
# What a gateway does before it goes: fail readiness, go on taking connections until everybody has noticed, close the
# doors, part with idle clients and tell clients over HTTP/2 to go away, wait until the last connection is gone or the
# limit is reached. Kubernetes ends Envoy when this returns, which cuts what is left.
#
# drain.pl ADMIN-SOCKET SETTLE-SECONDS LIMIT-SECONDS OWN-PORTS [LOG]; own ports, separated by commas, count no clients.
# Kubernetes shows nobody what a hook prints, so every line is also added to LOG: in the pod, what Envoy logs to.
use strict;
use warnings;
use Socket qw(AF_UNIX AF_INET6 SOCK_STREAM SOL_SOCKET SO_RCVTIMEO inet_ntoa inet_ntop pack_sockaddr_un);

my ($socket, $settle, $limit, $own, $place) = @ARGV;
my %own = map { $_ => 1 } split /,/, $own // '';
# Connections that end sooner than this are nothing to tell of; so many lines are written of one kind.
my ($soon, $most) = (4, 100);
# Of a connection that still is somebody's: established, or half closed by either side.
my %alive = map { $_ => 1 } qw(01 04 05 08);

my $log;
open($log, '>>', $place) or undef $log if defined $place;
$_->autoflush(1) for grep { defined } \*STDOUT, $log;

sub say_line {
    my ($line) = @_;
    print "drain: $line\n";
    print $log "drain: $line\n" if $log;
}

# One line for each, and one for how many more there are.
sub say_each {
    my @lines = @_;
    say_line($_) for @lines > $most ? @lines[0 .. $most - 1] : @lines;
    say_line(@lines - $most . " more") if @lines > $most;
}

# Asks Envoy's admin interface; undef if it does not answer, as when Envoy has died meanwhile.
sub ask {
    my ($method, $path) = @_;
    socket(my $envoy, AF_UNIX, SOCK_STREAM, 0) or return undef;
    setsockopt($envoy, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 5, 0));
    connect($envoy, pack_sockaddr_un($socket)) or return undef;
    syswrite($envoy, "$method $path HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") or return undef;
    my ($answer, $part) = ('', '');
    while (sysread($envoy, $part, 65536)) { $answer .= $part }
    return $answer =~ m{^HTTP/1\.1 200} ? $answer : undef;
}

# Connections of clients by the port they came to; undef if nobody knows.
sub clients {
    my $stats = ask('GET', '/stats?filter=^listener%5C..*%5C.downstream_cx_active$');
    return undef unless defined $stats;
    my %count;
    while ($stats =~ /^listener\.(\S+?)\.downstream_cx_active: (\d+)/mg) {
        my ($listener, $active) = ($1, $2);
        # By address and port: beside them there are the admin interface and, once more, the workers one by one.
        next unless $listener =~ /_(\d+)$/ && $listener !~ /worker_\d+$/;
        next if $own{$1};
        $count{$1} += $active;
    }
    return \%count;
}

sub total {
    my ($count) = @_;
    my $sum = 0;
    $sum += $_ for values %$count;
    return $sum;
}

# An address as the kernel's tables have it: each word of four bytes in this machine's order.
sub readable {
    my ($hex) = @_;
    my $bytes = join '', map { pack 'L', hex } $hex =~ /(.{8})/g;
    return inet_ntoa($bytes) if length $bytes == 4;
    return inet_ntoa(substr $bytes, 12) if substr($bytes, 0, 12) eq "\0" x 10 . "\xff\xff";
    return '[' . inet_ntop(AF_INET6, $bytes) . ']';
}

# Who is connected, by name: "10.0.0.7:51234 to port 8443". Connections over UDP are only counted, above.
sub names {
    my ($ports) = @_;
    my %names;
    for my $table ('/proc/net/tcp', '/proc/net/tcp6') {
        open(my $rows, '<', $table) or next;
        while (my $row = <$rows>) {
            my ($port, $peer, $far, $state) =
                $row =~ /^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})\s+([0-9A-F]+):([0-9A-F]{4})\s+([0-9A-F]{2})/ or next;
            next unless $alive{$state} && exists $ports->{hex $port};
            $names{readable($peer) . ':' . hex($far) . ' to port ' . hex($port)} = 1;
        }
    }
    return \%names;
}

ask('POST', '/healthcheck/fail') // die "drain: Envoy does not answer on $socket\n";
say_line("not ready any more, taking connections for another $settle s");
sleep $settle;
# Not gracefully: everybody knows by now, and what is open goes on.
ask('POST', '/drain_listeners');
# From the start Envoy closes each connection with its next answer, which clients that ask nothing never see. The
# bootstrap has an overload monitor that reads this file: at 1, connections without requests end after two seconds, and
# clients over HTTP/2 and HTTP/3 get their GOAWAY, whatever they are in the middle of.
my $pressure = $socket =~ s{[^/]*$}{drain}r;
if (open(my $file, '>', "$pressure.part")) {
    print $file '1';
    close($file) && rename("$pressure.part", $pressure) or say_line("$pressure: $!");
} else {
    say_line("$pressure.part: $!");
}
my ($start, $end) = (time, time + $limit);
my $open = clients();
say_line(total($open) . " connections open, waiting up to $limit s for them") if defined $open;
my $waiting;
while (defined $open && total($open) > 0 && time < $end) {
    if (time >= $start + $soon) {
        my $now = names($open);
        if (!$waiting) {
            say_each(map { "waiting for $_" } sort keys %$now);
        } else {
            my $passed = time - $start;
            say_each(map { "$_ ended after $passed s" } grep { !$now->{$_} } sort keys %$waiting);
        }
        $waiting = $now;
    }
    select(undef, undef, undef, 0.2);
    $open = clients();
}
my $left = defined $open ? total($open) : 0;
my $last = $left > 0 ? names($open) : {};
my $passed = time - $start;
say_each(map { "$_ ended after $passed s" } grep { !$last->{$_} } sort keys %{$waiting // {}});
say_each(map { "cutting $_ after $limit s" } sort keys %$last);
say_line($left > 0 ? "$left connections left after $limit s" : 'done');
