#!/usr/bin/perl
# What a gateway does before it goes: fail readiness, go on taking connections until everybody has noticed, close the
# doors, part with idle clients, wait until the last connection is gone or the limit is reached. Kubernetes ends Envoy
# when this returns.
#
# drain.pl ADMIN-SOCKET SETTLE-SECONDS LIMIT-SECONDS OWN-PORTS; own ports, separated by commas, count no clients.
use strict;
use warnings;
use Socket qw(AF_UNIX SOCK_STREAM SOL_SOCKET SO_RCVTIMEO pack_sockaddr_un);

my ($socket, $settle, $limit, $own) = @ARGV;
my %own = map { $_ => 1 } split /,/, $own // '';

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

# Connections of clients; undef if nobody knows.
sub clients {
    my $stats = ask('GET', '/stats?filter=^listener%5C..*%5C.downstream_cx_active$');
    return undef unless defined $stats;
    my $count = 0;
    while ($stats =~ /^listener\.(\S+?)\.downstream_cx_active: (\d+)/mg) {
        my ($listener, $active) = ($1, $2);
        # By address and port: beside them there are the admin interface and, once more, the workers one by one.
        next unless $listener =~ /_(\d+)$/ && $listener !~ /worker_\d+$/;
        next if $own{$1};
        $count += $active;
    }
    return $count;
}

ask('POST', '/healthcheck/fail') // die "drain: Envoy does not answer on $socket\n";
sleep $settle;
# Not gracefully: everybody knows by now, and what is open goes on.
ask('POST', '/drain_listeners');
# From the start Envoy closes each connection with its next answer, which clients that ask nothing never see. The
# bootstrap has an overload monitor that reads this file: at 1, connections without requests end after two seconds.
my $pressure = $socket =~ s{[^/]*$}{drain}r;
if (open(my $file, '>', "$pressure.part")) {
    print $file '1';
    close($file) && rename("$pressure.part", $pressure) or warn "drain: $pressure: $!\n";
} else {
    warn "drain: $pressure.part: $!\n";
}
my $end = time + $limit;
my $open = clients();
while (defined $open && $open > 0 && time < $end) {
    select(undef, undef, undef, 0.2);
    $open = clients();
}
print "drain: ", defined $open && $open > 0 ? "$open connections left after $limit s\n" : "done\n";
