package io.sallyport.standalone.names;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.standalone.names.NameMessage.Meaning;
import io.sallyport.standalone.names.NameMessage.Question;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the Envoys of this machine in place of its name servers, to which it passes every question. What it knows of
/// its own is the last good answer ([KeptNames]), which stands in while they deny a name or do not answer.
///
/// An Envoy empties a cluster of looked-up names as soon as the name is denied; no switch of Envoy's changes that. So
/// the denial must not reach it before it has lasted.
public final class NameRelay implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NameRelay.class);

    // Envoy waits 2 s for an answer: all that is tried here must end before.
    private static final int ROUND_MILLIS = 400;
    private static final int ROUNDS = 4;
    private static final int TRIES = 2;
    private static final int MAX_STRANGERS = 8;
    private static final int CLIENT_MILLIS = 5_000;
    // A gateway asks for all of its names at once when it starts.
    private static final int MAX_QUESTIONS = 4_096;
    private static final int MAX_NAMES = 10_000;
    private static final int MAX_DATAGRAM = 4_096;
    private static final int MAX_PORTS_TRIED = 50;
    private static final long PAUSE_NANOS = 10_000_000L;

    private final NameServers servers;
    private final InstantSource clock;
    private final RandomGenerator ids;
    private final DatagramSocket datagrams;
    private final ServerSocket streams;
    private final KeptNames kept = new KeptNames(MAX_NAMES);
    private final Semaphore room = new Semaphore(MAX_QUESTIONS);
    private final AtomicLong stoodIn = new AtomicLong();
    private final AtomicLong turnedAway = new AtomicLong();
    private final ExecutorService turns = Executors.newVirtualThreadPerTaskExecutor();

    private NameRelay(
            NameServers servers,
            InstantSource clock,
            RandomGenerator ids,
            DatagramSocket datagrams,
            ServerSocket streams) {
        this.servers = servers;
        this.clock = clock;
        this.ids = ids;
        this.datagrams = datagrams;
        this.streams = streams;
    }

    /// Listens by UDP and TCP, on one port. `ids` must not be guessable: it names the questions to the servers.
    public static NameRelay start(
            InetSocketAddress address, NameServers servers, InstantSource clock, RandomGenerator ids)
            throws IOException {
        for (int attempt = 1; true; attempt++) {
            try {
                return listen(address, servers, clock, ids);
            } catch (IOException e) {
                // Of any port, the one that is free for UDP may be taken for TCP.
                if (address.getPort() != 0 || attempt == MAX_PORTS_TRIED) {
                    throw e;
                }
            }
        }
    }

    private static NameRelay listen(
            InetSocketAddress address, NameServers servers, InstantSource clock, RandomGenerator ids)
            throws IOException {
        var datagrams = new DatagramSocket(address);
        int port = datagrams.getLocalPort();
        try {
            var streams = new ServerSocket();
            try {
                streams.bind(new InetSocketAddress(address.getAddress(), port));
            } catch (IOException e) {
                streams.close();
                throw e;
            }
            var relay = new NameRelay(servers, clock, ids, datagrams, streams);
            Thread.ofVirtual().name("names").start(relay::takeDatagrams);
            Thread.ofVirtual().name("names tcp").start(relay::takeStreams);
            return relay;
        } catch (IOException e) {
            datagrams.close();
            throw new IOException("port " + port + " is in use by TCP", e);
        }
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return new InetSocketAddress(streams.getInetAddress(), streams.getLocalPort());
    }

    /// Registers what there is to measure: answers that are kept, those that stood in, questions beyond the bound.
    public void measure(MeterRegistry registry) {
        Gauge.builder("sallyport_names_kept", kept, KeptNames::size)
                .description("Answers of name servers that are kept.")
                .register(registry);
        FunctionCounter.builder("sallyport_names_stood_in", stoodIn, AtomicLong::get)
                .description("Kept answers that stood in for a name server that did not answer.")
                .register(registry);
        FunctionCounter.builder("sallyport_names_turned_away", turnedAway, AtomicLong::get)
                .description("Questions beyond the bound that were not asked.")
                .register(registry);
    }

    @Override
    public void close() {
        datagrams.close();
        try {
            streams.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("Port of names did not close cleanly");
        }
        turns.shutdownNow();
    }

    private void takeDatagrams() {
        var packet = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
        while (!datagrams.isClosed()) {
            try {
                packet.setLength(MAX_DATAGRAM);
                datagrams.receive(packet);
                var query = new NameMessage(Arrays.copyOf(packet.getData(), packet.getLength()));
                var from = packet.getSocketAddress();
                inTurn(() -> {
                    var reply = answer(query, false);
                    if (reply.isPresent()) {
                        var bytes = reply.get().bytes();
                        datagrams.send(new DatagramPacket(bytes, bytes.length, from));
                    }
                });
            } catch (IOException e) {
                complain(e, datagrams.isClosed());
            }
        }
    }

    private void takeStreams() {
        while (!streams.isClosed()) {
            try {
                var socket = streams.accept();
                if (!inTurn(() -> serve(socket))) {
                    socket.close();
                }
            } catch (IOException e) {
                complain(e, streams.isClosed());
            }
        }
    }

    @FunctionalInterface
    private interface Turn {
        void take() throws IOException;
    }

    private boolean inTurn(Turn turn) {
        if (!room.tryAcquire()) {
            turnedAway.incrementAndGet();
            return false;
        }
        turns.execute(() -> {
            try {
                turn.take();
            } catch (IOException e) {
                complain(e, datagrams.isClosed());
            } finally {
                room.release();
            }
        });
        return true;
    }

    // A machine without sockets to spare would be asked again at once.
    private static void complain(IOException e, boolean isClosed) {
        if (!isClosed) {
            log.atDebug().setCause(e).log("Question about a name was not answered");
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private void serve(Socket socket) throws IOException {
        try (socket) {
            socket.setSoTimeout(CLIENT_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            var out = new DataOutputStream(socket.getOutputStream());
            for (int length = in.read(); length >= 0; length = in.read()) {
                var query = new NameMessage(in.readNBytes(length << 8 | in.readUnsignedByte()));
                var reply = answer(query, true);
                if (reply.isEmpty()) {
                    return;
                }
                write(out, reply.get());
            }
        }
    }

    // Empty: bytes that are no question are not answered.
    private Optional<NameMessage> answer(NameMessage query, boolean isStream) {
        var asked = query.isAnswer() ? Optional.<NameMessage>empty() : query.withoutOptions();
        var question = query.question();
        if (asked.isEmpty() || question.isEmpty()) {
            return Optional.empty();
        }
        var answer = ask(asked.get(), question.get(), isStream);
        if (kept.knows(question.get()) && hasMoved(asked.get(), answer, isStream)) {
            kept.forget(question.get());
        }
        var instead = kept.instead(question.get(), answer, clock.instant());
        instead.ifPresent(_ -> stoodIn.incrementAndGet());
        return Optional.of(instead.or(() -> answer).orElseGet(query::failure).withId(query.id()));
    }

    // A name that went from IPv4 to IPv6, or back, is not denied.
    private boolean hasMoved(NameMessage query, Optional<NameMessage> answer, boolean isStream) {
        if (answer.isEmpty()
                || answer.get().meaning() != Meaning.DENIES
                || answer.get().deniesName()) {
            return false;
        }
        return query.forOtherFamily()
                .flatMap(other -> ask(other, other.question().orElseThrow(), isStream))
                .filter(other -> other.meaning() == Meaning.HAS_IT)
                .isPresent();
    }

    private Optional<NameMessage> ask(NameMessage query, Question question, boolean isStream) {
        var own = query.withId(ids.nextInt(0, 1 << 16));
        var asked = servers.now();
        try {
            return isStream ? byStream(own, question, asked) : byDatagram(own, question, asked);
        } catch (IOException e) {
            log.atDebug().addKeyValue("servers", asked).setCause(e).log("Name servers could not be asked");
            return Optional.empty();
        }
    }

    // The first that knows; else what the last one said. Servers that are asked later do not end the wait for the
    // first,
    // who may be slow. A socket for each question, so that its port cannot be guessed.
    private static Optional<NameMessage> byDatagram(
            NameMessage query, Question question, List<InetSocketAddress> servers) throws IOException {
        var last = Optional.<NameMessage>empty();
        int tries = Math.max(servers.size(), TRIES);
        int step = Math.max(1, ROUNDS / tries);
        int sent = 0;
        int answered = 0;
        try (var socket = new DatagramSocket()) {
            socket.setSoTimeout(ROUND_MILLIS);
            for (int round = 0; round < ROUNDS; round++) {
                if (sent < tries && (answered == sent || round % step == 0)) {
                    socket.send(new DatagramPacket(
                            query.bytes(), query.bytes().length, servers.get(sent++ % servers.size())));
                } else if (answered == sent) {
                    return last;
                }
                var answer = hear(socket, query, question, servers);
                if (answer.isPresent()) {
                    answered++;
                    last = answer;
                    if (answer.get().meaning() != Meaning.UNKNOWN) {
                        return last;
                    }
                }
            }
            return last;
        }
    }

    private static Optional<NameMessage> hear(
            DatagramSocket socket, NameMessage query, Question question, List<InetSocketAddress> servers)
            throws IOException {
        var packet = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
        try {
            for (int n = 0; n < MAX_STRANGERS; n++) {
                packet.setLength(MAX_DATAGRAM);
                socket.receive(packet);
                var answer = new NameMessage(Arrays.copyOf(packet.getData(), packet.getLength()));
                if (servers.contains(packet.getSocketAddress()) && answers(answer, query, question)) {
                    return Optional.of(answer);
                }
            }
            return Optional.empty();
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }

    private static boolean answers(NameMessage answer, NameMessage query, Question question) {
        return answer.isAnswer()
                && answer.id() == query.id()
                && answer.question().filter(question::equals).isPresent();
    }

    private static Optional<NameMessage> byStream(NameMessage query, Question question, List<InetSocketAddress> servers)
            throws IOException {
        var last = Optional.<NameMessage>empty();
        for (var server : servers) {
            var answer = byStream(query, server, ROUNDS * ROUND_MILLIS / servers.size());
            if (answers(answer, query, question)) {
                last = Optional.of(answer);
                if (answer.meaning() != Meaning.UNKNOWN) {
                    return last;
                }
            }
        }
        return last;
    }

    private static NameMessage byStream(NameMessage query, InetSocketAddress server, int patience) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(server, patience);
            socket.setSoTimeout(patience);
            write(new DataOutputStream(socket.getOutputStream()), query);
            var in = new DataInputStream(socket.getInputStream());
            return new NameMessage(in.readNBytes(in.readUnsignedShort()));
        }
    }

    private static void write(DataOutputStream out, NameMessage message) throws IOException {
        var framed = new byte[message.bytes().length + 2];
        framed[0] = (byte) (message.bytes().length >> 8);
        framed[1] = (byte) message.bytes().length;
        System.arraycopy(message.bytes(), 0, framed, 2, message.bytes().length);
        out.write(framed);
        out.flush();
    }
}
