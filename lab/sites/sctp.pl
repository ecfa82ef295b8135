# perl sctp.pl serve NAME PORT       answers each line by SCTP with its name and the client's address
# perl sctp.pl ask HOST PORT COUNT   asks by that many associations, and prints an answer in each line
#
# Node has no SCTP, and every Debian has this perl.
use strict;
use warnings;
use Socket;

my $sctp = 132;
$| = 1;

sub endpoint {
    socket(my $socket, PF_INET, SOCK_STREAM, $sctp) or die "socket: $!";
    setsockopt($socket, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 3, 0)) or die "setsockopt: $!";
    return $socket;
}

my ($command, $first, $port, $count) = @ARGV;
if ($command eq 'serve') {
    socket(my $server, PF_INET, SOCK_STREAM, $sctp) or die "socket: $!";
    bind($server, pack_sockaddr_in($port, INADDR_ANY)) or die "bind: $!";
    listen($server, 16) or die "listen: $!";
    print "listening\n";
    while (my $from = accept(my $client, $server)) {
        my (undef, $address) = unpack_sockaddr_in($from);
        syswrite($client, "$first " . inet_ntoa($address) . "\n") if sysread($client, my $line, 100);
        close($client);
    }
} else {
    for (1 .. $count) {
        my $socket = endpoint();
        my $to = pack_sockaddr_in($port, inet_aton($first));
        my $answer = 'none';
        if (!connect($socket, $to)) { $answer = "$!" }
        elsif (syswrite($socket, "?\n")) { sysread($socket, $answer, 100) or $answer = 'none' }
        chomp($answer);
        print "$answer\n";
        close($socket);
    }
}
