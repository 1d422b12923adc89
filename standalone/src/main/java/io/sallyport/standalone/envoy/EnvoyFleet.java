package io.sallyport.standalone.envoy;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.Platform;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the Envoys of this machine as `sallyport.yaml` wants them: one process per proxy, started, restarted after a
/// crash, replaced when what it started with has changed, and stopped when it is no longer wanted.
///
/// Envoys of an `up` that was killed are found by their marks. One that started with the same bootstrap is adopted and
/// never stops serving; another is replaced.
public final class EnvoyFleet implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EnvoyFleet.class);
    private static final int MAX_MESSAGES = 1_024;
    private static final int TICK_MILLIS = 200;

    private sealed interface Message {
        record Want(long wish, List<Platform.Proxy> proxies) implements Message {}

        record Look() implements Message {}

        record Stop() implements Message {}
    }

    private final EnvoyBinary binary;
    private final EnvoyPlaces places;
    private final InetSocketAddress xds;
    private final List<InetSocketAddress> nameServers;
    private final InstantSource clock;
    private final EnvoyBootstrap.Limits limits;
    private final BlockingQueue<Message> inbox = new LinkedBlockingQueue<>(MAX_MESSAGES);
    private final Thread owner;

    // Touched by the owner thread alone.
    private final SortedMap<ProxyName, EnvoyProcess> processes = new TreeMap<>();
    private long served;

    private final AtomicLong wishes = new AtomicLong();
    private volatile long granted;
    private volatile ImmutableSortedSet<ProxyName> wanted = ImmutableSortedSet.of();
    private volatile ImmutableSortedMap<ProxyName, EnvoyStatus> statuses = ImmutableSortedMap.of();

    private EnvoyFleet(
            EnvoyBinary binary,
            EnvoyPlaces places,
            InetSocketAddress xds,
            List<InetSocketAddress> nameServers,
            InstantSource clock) {
        this.binary = binary;
        this.places = places;
        this.xds = xds;
        this.nameServers = List.copyOf(nameServers);
        this.clock = clock;
        this.limits = MachineLimits.read();
        this.owner = Thread.ofPlatform().name("envoys").unstarted(this::own);
    }

    /// Starts with no wish: what still runs from before goes on until [#want] is called. No `nameServers` are those of
    /// the machine.
    public static EnvoyFleet start(
            EnvoyBinary binary,
            EnvoyPlaces places,
            InetSocketAddress xds,
            List<InetSocketAddress> nameServers,
            InstantSource clock) {
        var fleet = new EnvoyFleet(binary, places, xds, nameServers, clock);
        fleet.owner.start();
        return fleet;
    }

    /// Says which proxies should run from now on.
    public void want(List<Platform.Proxy> proxies) {
        wanted = ImmutableSortedSet.copyOf(index(proxies).keySet());
        tell(new Message.Want(wishes.incrementAndGet(), List.copyOf(proxies)));
    }

    /// The proxies of the last wish, whether they run yet or not.
    public ImmutableSortedSet<ProxyName> wanted() {
        return wanted;
    }

    /// Whether [#statuses] tells of the last wish: no Envoy is left that is about to be stopped or replaced for it.
    public boolean isSettled() {
        return granted == wishes.get();
    }

    /// The newest state of every wanted proxy.
    public ImmutableSortedMap<ProxyName, EnvoyStatus> statuses() {
        return statuses;
    }

    /// The newest state of one proxy; absent if it is not wanted.
    public Optional<EnvoyStatus> status(ProxyName proxy) {
        return Optional.ofNullable(statuses.get(proxy));
    }

    /// Stops every Envoy, and returns when all have ended.
    @Override
    public void close() {
        tell(new Message.Stop());
        try {
            owner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(Message message) {
        if (!inbox.offer(message)) {
            throw new IllegalStateException("the fleet does not read its messages");
        }
    }

    private void own() {
        var stopping = false;
        while (!stopping) {
            try {
                stopping = handle(inbox.poll(TICK_MILLIS, TimeUnit.MILLISECONDS));
                publish();
            } catch (InterruptedException e) {
                stopping = true;
            } catch (Exception e) {
                log.atError().setCause(e).log("Envoys cannot be kept as wanted");
            }
        }
        stopAll();
    }

    private boolean handle(@Nullable Message message) throws IOException {
        switch (message) {
            case Message.Want(var wish, var proxies) -> {
                want(index(proxies));
                served = wish;
            }
            case Message.Stop() -> {
                return true;
            }
            case Message.Look() -> {}
            case null -> {}
        }
        processes.values().forEach(EnvoyProcess::look);
        return false;
    }

    private static SortedMap<ProxyName, Platform.Proxy> index(List<Platform.Proxy> proxies) {
        var byName = new TreeMap<ProxyName, Platform.Proxy>();
        for (var proxy : proxies) {
            try {
                byName.put(new ProxyName(proxy.namespace(), proxy.name()), proxy);
            } catch (IllegalArgumentException e) {
                log.atWarn().addKeyValue("problem", e.getMessage()).log("Proxy cannot be started");
            }
        }
        return byName;
    }

    private void want(SortedMap<ProxyName, Platform.Proxy> wanted) throws IOException {
        for (var found : leftOver()) {
            if (!wanted.containsKey(found) && !processes.containsKey(found)) {
                newProcess(found).stop();
            }
        }
        processes.entrySet().removeIf(entry -> {
            var gone = !wanted.containsKey(entry.getKey());
            if (gone) {
                entry.getValue().stop();
            }
            return gone;
        });
        // First all that have to go, so that their ports are free for the others.
        for (var entry : wanted.entrySet()) {
            var name = entry.getKey();
            var process = processes.get(name);
            if (process == null) {
                process = newProcess(name);
                processes.put(name, process);
            }
            var bootstrap = EnvoyBootstrap.of(
                    entry.getValue(),
                    new EnvoyBootstrap.Doors(xds, places.secretSocket(), places.adminSocket(name)),
                    limits);
            process.prepare(nameServers.isEmpty() ? bootstrap : bootstrap.withNameServers(nameServers));
        }
    }

    private EnvoyProcess newProcess(ProxyName name) throws IOException {
        return new EnvoyProcess(
                name,
                binary,
                places.proxyFolder(name),
                places.adminSocket(name),
                clock,
                () -> inbox.offer(new Message.Look()));
    }

    // Proxies that an earlier `up` left behind.
    private List<ProxyName> leftOver() throws IOException {
        if (!Files.isDirectory(places.proxies())) {
            return List.of();
        }
        try (var files = Files.walk(places.proxies(), 3)) {
            return files.filter(file -> file.endsWith(EnvoyProcess.MARK))
                    .map(file -> places.proxies().relativize(file))
                    .map(file -> new ProxyName(
                            file.getName(0).toString(), file.getName(1).toString()))
                    .sorted()
                    .toList();
        }
    }

    private void stopAll() {
        processes.values().forEach(EnvoyProcess::terminate);
        processes.values().forEach(EnvoyProcess::stop);
        statuses = ImmutableSortedMap.of();
    }

    private void publish() {
        var next = ImmutableSortedMap.<ProxyName, EnvoyStatus>naturalOrder();
        processes.forEach((name, process) -> next.put(name, process.status()));
        statuses = next.build();
        granted = served;
    }
}
