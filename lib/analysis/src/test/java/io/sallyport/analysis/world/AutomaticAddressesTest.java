package io.sallyport.analysis.world;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Services without addresses get some, and keep them.
@Tag("E1")
@Tag("P13")
class AutomaticAddressesTest {

    private static final String USERS = AutoAddresses.propose("shop/users.test", Set.of());

    private final Analyzer analyzer = new Analyzer();

    @Test
    void anAddressStaysWhoeverElseComesAndInEveryProcess() {
        var image = ConfigImage.EMPTY.with(1, List.of(entry("users.test", 1)), List.of());
        assertThat(address(analyzer, image, "users.test")).isEqualTo(USERS);

        var many = new ArrayList<ConfigObject<?>>();
        for (int i = 0; i < 2_000; i++) {
            many.add(entry("s" + i + ".test", 2 + i));
        }
        var crowded = image.with(2, many, List.of());
        assertThat(address(analyzer, crowded, "users.test")).isEqualTo(USERS);
        var all = many.stream()
                .map(each -> address(analyzer, crowded, each.name()))
                .toList();
        assertThat(all).doesNotHaveDuplicates().doesNotContain(USERS, "");

        // Another process, that reads everything at once.
        var again = new Analyzer();
        assertThat(many.stream().map(each -> address(again, crowded, each.name())))
                .isEqualTo(all);
    }

    @Test
    void whatSomebodyWroteIsNotGivenToAnother() {
        var written = entry("hosts: [other.test], addresses: [" + USERS + "]", "other", 5, "");
        var image = ConfigImage.EMPTY.with(1, List.of(entry("users.test", 1), written), List.of());
        assertThat(address(analyzer, image, "users.test")).isNotEqualTo(USERS).isNotEmpty();

        var gone = image.with(2, List.of(), List.of(written.ref()));
        assertThat(analyzer.check(gone)
                        .world()
                        .changedHosts(analyzer.check(image).world()))
                .contains("users.test");
        assertThat(address(analyzer, gone, "users.test")).isEqualTo(USERS);
    }

    @Test
    void onlyBytesThatCouldBeMeantForOthersNeedOne() {
        var ports = "ports: [{number: 5432, name: db, protocol: TCP}]";
        assertThat(given("hosts: [users.test], resolution: DNS, " + ports, "")).isEqualTo(USERS);
        assertThat(given("hosts: [users.test], resolution: NONE, " + ports, "")).isEmpty();
        assertThat(given("hosts: [users.test], addresses: [10.0.0.1], resolution: DNS, " + ports, ""))
                .isEmpty();
        assertThat(given("hosts: [users.test], resolution: DNS, ports: [{number: 443, name: t, protocol: TLS}]", ""))
                .isEmpty();
        assertThat(given(
                        "hosts: [users.test], resolution: DNS, " + ports,
                        ", labels: {networking.istio.io/enable-autoallocate-ip: \"false\"}"))
                .isEmpty();
    }

    @Test
    void everyAddressHasOneOfTheOtherFamily() {
        assertThat(AutoAddresses.six("240.240.50.162")).isEqualTo("2001:2::f0f0:32a2");
        assertThat(AutoAddresses.six("240.240.0.1")).isEqualTo("2001:2::f0f0:1");
    }

    private String given(String spec, String metadata) {
        var object = entry(spec, "users", 1, metadata);
        return address(new Analyzer(), ConfigImage.EMPTY.with(1, List.of(object), List.of()), "users.test");
    }

    private static String address(Analyzer analyzer, ConfigImage image, String host) {
        return analyzer.check(image).world().automaticAddress("shop", host).orElse("");
    }

    private static ConfigObject<?> entry(String host, int age) {
        return entry("hosts: [" + host + "]", host, age, "");
    }

    private static ConfigObject<?> entry(String spec, String name, int age, String metadata) {
        var ports =
                spec.contains("ports:") ? "" : ", resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]";
        var yaml = """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: %s%s}
                spec: {%s%s}
                """.formatted(name, metadata, spec, ports);
        var object = new YamlReader()
                .read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8))
                .objects()
                .findFirst()
                .orElseThrow();
        return object.withAge(new Age(Instant.EPOCH, age, "in.yaml", age));
    }
}
