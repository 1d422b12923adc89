package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.generate.ConfigGenerator;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Door;
import io.sallyport.translation.egress.EgressJudge;
import io.sallyport.translation.egress.Errand;
import io.sallyport.translation.egress.Verdict;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Hello;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What egress questions are answered is what the client's own proxy does by the simulator, for configurations made by
/// chance, and any client, host, port, protocol and door. EgressCoverageTest compares some of them with real Envoys.
@Tag("B7")
class EgressVerdictsTest {

    private static final int SEEDS = Boolean.getBoolean("sallyport.nightly") ? 5_000 : 30;
    private static final List<Errand.Protocol> PROTOCOLS =
            List.of(Errand.Protocol.HTTP, Errand.Protocol.TLS, Errand.Protocol.TCP);
    private static final int LEAST = 20;
    private static final String GATEWAY = "istio-egressgateway.istio-system.svc.cluster.local";
    private static final String PLATFORM = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}}
            """;

    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    /// What becomes of an errand, as far as both know.
    private enum Fate {
        OUT,
        STOPPED,
        TO_GATEWAY
    }

    @Test
    void everyVerdictIsWhatTheSimulatorDoes() {
        var met = new EnumMap<Fate, Integer>(Fate.class);
        for (int seed = 0; seed < SEEDS; seed++) {
            var image = image(seed);
            var judge = new EgressJudge(image, translator);
            for (var client : clients()) {
                var simulator = new TrafficSimulator(translator.translate(image, client));
                for (var errand : errands(seed)) {
                    for (var door : Door.of(client)) {
                        var verdict = judge.judge(client, door, errand);
                        var answer = answer(simulator, client, door, errand);
                        var fate = fate(answer);
                        assertThat(holds(fate, verdict))
                                .as("seed %d, %s by %s of %s: %s and %s", seed, errand, door, client, verdict, answer)
                                .isTrue();
                        if (answer instanceof Answer.Replied replied && verdict instanceof Verdict.Blocked blocked) {
                            assertThat(blocked.symptom().status()).isEqualTo(replied.status());
                        }
                        met.merge(fate, 1, Integer::sum);
                    }
                }
            }
        }
        // A test that never meets one of them proves nothing of it.
        assertThat(met).hasSize(3).allSatisfy((_, times) -> assertThat(times).isGreaterThan(LEAST));
    }

    // A gateway may let it go no further, so both of its fates are possible where a client's proxy sends it there.
    private static boolean holds(Fate fate, Verdict verdict) {
        return switch (fate) {
            case OUT -> verdict instanceof Verdict.Direct;
            case STOPPED ->
                verdict instanceof Verdict.Blocked blocked && blocked.gateway().isEmpty();
            case TO_GATEWAY ->
                verdict instanceof Verdict.ThroughGateway
                        || (verdict instanceof Verdict.Blocked blocked
                                && blocked.gateway().isPresent());
        };
    }

    private static Fate fate(Answer answer) {
        return switch (answer) {
            case Answer.Refused _, Answer.Closed _, Answer.Replied _ -> Fate.STOPPED;
            case Answer.Forwarded forwarded -> fate(forwarded.shares());
            case Answer.Tunnelled tunnelled -> fate(tunnelled.shares());
        };
    }

    // Where a rule splits, what escapes control counts.
    private static Fate fate(List<Answer.Share> shares) {
        var open = shares.stream()
                .filter(share -> share.weight() > 0 && share.state().isEmpty())
                .map(Answer.Share::cluster)
                .filter(cluster -> !cluster.equals("BlackHoleCluster"))
                .toList();
        if (open.isEmpty()) {
            return Fate.STOPPED;
        }
        return open.stream().allMatch(cluster -> cluster.endsWith(GATEWAY)) ? Fate.TO_GATEWAY : Fate.OUT;
    }

    private static Answer answer(TrafficSimulator simulator, ProxyClass client, Door door, Errand errand) {
        boolean isHttp = errand.protocol() == Errand.Protocol.HTTP;
        var host = isHttp && errand.port() == 80 ? errand.host() : errand.host() + ":" + errand.port();
        Hello hello = errand.protocol() == Errand.Protocol.TLS
                ? new Hello.Tls(errand.host(), List.of("h2", "http/1.1"), false)
                : new Hello.Plain();
        return switch (door) {
            case REDIRECTED -> {
                // No host of these configurations has an address of its own.
                yield isHttp
                        ? simulator.redirected("198.51.100.1", Request.get(errand.port(), host, "/"))
                        : simulator.redirected("198.51.100.1", errand.port(), hello);
            }
            case LOCAL_PORT -> {
                int local = client.listen().getOrDefault(String.valueOf(errand.port()), 0);
                yield isHttp ? simulator.answer(Request.get(local, host, "/")) : simulator.connect(local, hello);
            }
            case HTTP_PROXY -> {
                var request = Request.get(client.proxiedPort().orElseThrow(), host, "/");
                yield simulator.answer(isHttp ? request : request.withMethod("CONNECT"));
            }
        };
    }

    private static List<ProxyClass> clients() {
        return List.of(
                client("default", Map.of()),
                client("shop", Map.of()),
                client("default", Map.of("http-proxy", 15_002, "80", 10_080, "443", 10_443, "31400", 10_314)));
    }

    private static ProxyClass client(String namespace, Map<String, Integer> listen) {
        return new ProxyClass(
                ProxyClass.Role.SIDECAR,
                namespace,
                "",
                new TreeMap<>(Map.of("app", "sleep")),
                new TreeMap<>(listen),
                "127.0.0.1",
                true);
    }

    private static List<Errand> errands(int seed) {
        var random = new SplittableRandom(seed);
        var errands = new ArrayList<Errand>();
        for (var host : ChanceEgress.HOSTS) {
            errands.add(new Errand(host, 80, Errand.Protocol.HTTP));
            errands.add(new Errand(host, 443, Errand.Protocol.TLS));
            errands.add(new Errand(host, 31_400, Errand.Protocol.TCP));
        }
        // And what fits nothing: another protocol at another port.
        for (int n = 0; n < 5; n++) {
            errands.add(new Errand(
                    ChanceEgress.HOSTS.get(random.nextInt(ChanceEgress.HOSTS.size())),
                    random.nextInt(2) == 0
                            ? random.nextInt(1, 65_536)
                            : List.of(80, 443, 2701).get(random.nextInt(3)),
                    PROTOCOLS.get(random.nextInt(PROTOCOLS.size()))));
        }
        return errands;
    }

    private CheckedImage image(int seed) {
        var documents = new ArrayList<String>();
        documents.addAll(new ChanceEgress(new SplittableRandom(seed), 19_001, 19_002, 19_003).configuration());
        if (seed % 2 == 0) {
            documents.addAll(new ConfigGenerator(new SplittableRandom(seed)).configuration());
        }
        var objects = new ArrayList<ConfigObject<?>>();
        add("sallyport.yaml", PLATFORM, objects);
        documents.forEach(document -> add("in.yaml", document, objects));
        return analyzer.check(ConfigImage.EMPTY.with(seed + 1L, objects, List.of()));
    }

    private void add(String file, String document, List<ConfigObject<?>> objects) {
        var read = new YamlReader().read(file, document.getBytes(StandardCharsets.UTF_8));
        if (read.findings().stream().noneMatch(Finding::isError)) {
            read.objects()
                    .filter(object -> analyzer.inspect(object).stream().noneMatch(Finding::isRefusal))
                    .forEach(object -> objects.add(object.withAge(new Age(Instant.EPOCH, 1, file, objects.size()))));
        }
    }
}
