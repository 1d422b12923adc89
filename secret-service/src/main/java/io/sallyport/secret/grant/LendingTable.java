package io.sallyport.secret.grant;

import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.analysis.relation.Lending;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.SecretGrant;
import io.sallyport.secret.sds.Lendings;
import io.sallyport.secret.sds.Node;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.translation.LentSecret;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/// The grants, Gateways and files of one revision. A claim holds when the Gateway exists, is one that the proxy
/// runs, has a server of those hosts that uses the secret, and the owner lends it for all of them.
final class LendingTable implements Lendings {

    private final ImmutableMap<String, ConfigObject<Gateway>> gateways;
    private final ImmutableListMultimap<String, SecretGrant> grants;
    private final ImmutableSet<String> files;

    private LendingTable(
            ImmutableMap<String, ConfigObject<Gateway>> gateways,
            ImmutableListMultimap<String, SecretGrant> grants,
            ImmutableSet<String> files) {
        this.gateways = gateways;
        this.grants = grants;
        this.files = files;
    }

    static LendingTable of(Collection<ConfigObject<?>> objects) {
        var gateways = ImmutableMap.<String, ConfigObject<Gateway>>builder();
        var grants = ImmutableListMultimap.<String, SecretGrant>builder();
        var files = ImmutableSet.<String>builder();
        for (var object : withSpelled(objects)) {
            switch (object.spec()) {
                case Gateway gateway -> {
                    gateways.put(object.ref().qualifiedName(), ConfigImage.cast(object, Gateway.class));
                    gateway.servers().stream()
                            .map(Server::tls)
                            .filter(Objects::nonNull)
                            .flatMap(LendingTable::files)
                            .forEach(files::add);
                }
                case SecretGrant grant -> grants.put(object.namespace(), grant);
                case DestinationRule rule -> files(rule).forEach(files::add);
                default -> {}
            }
        }
        return new LendingTable(gateways.buildOrThrow(), grants.build(), files.build());
    }

    // Gateways of the Gateway API and Ingresses borrow by the Gateways and grants that they are spelled as.
    private static Collection<ConfigObject<?>> withSpelled(Collection<ConfigObject<?>> objects) {
        if (objects.stream()
                .noneMatch(object -> GatewayApi.KINDS.contains(object.ref().kind()))) {
            return objects;
        }
        var image = ConfigImage.EMPTY.with(1, objects, List.of());
        return Stream.concat(
                        objects.stream(),
                        GatewayApi.of(image).spelled().stream()
                                .<ConfigObject<?>>map(Spelled::object)
                                .filter(object -> image.find(object.ref()).isEmpty()))
                .toList();
    }

    private static Stream<String> files(ServerTlsSettings tls) {
        return Stream.concat(
                Stream.of(tls.serverCertificate(), tls.privateKey(), tls.caCertificates(), tls.caCrl()),
                tls.tlsCertificates().stream()
                        .flatMap(
                                pair -> Stream.of(pair.serverCertificate(), pair.privateKey(), pair.caCertificates())));
    }

    private static Stream<String> files(DestinationRule rule) {
        return Stream.concat(
                        Stream.ofNullable(rule.trafficPolicy()),
                        rule.subsets().stream()
                                .map(DestinationRule.Subset::trafficPolicy)
                                .filter(Objects::nonNull))
                .flatMap(policy -> Stream.concat(
                        Stream.ofNullable(policy.tls()),
                        policy.portLevelSettings().stream()
                                .map(DestinationRule.PortTrafficPolicy::tls)
                                .filter(Objects::nonNull)))
                .flatMap(
                        tls -> Stream.of(tls.clientCertificate(), tls.privateKey(), tls.caCertificates(), tls.caCrl()));
    }

    @Override
    public Verdict lends(LentSecret claim, Node node) {
        var gateway = gateways.get(claim.gateway());
        var isItsOwn = gateway != null && World.selects(gateway, node.namespace(), node.labels());
        var verdict = verdict(claim);
        return verdict == Verdict.YES && !isItsOwn ? Verdict.NO : verdict;
    }

    @Override
    public boolean isGranted(LentSecret claim) {
        return verdict(claim) == Verdict.YES;
    }

    private Verdict verdict(LentSecret claim) {
        var known = grants.get(claim.lender());
        if (known.stream().noneMatch(grant -> Lending.isTo(grant, claim.secret(), claim.gateway()))) {
            return Verdict.NO_MORE;
        }
        var gateway = gateways.get(claim.gateway());
        if (gateway == null) {
            return Verdict.NO;
        }
        var server = gateway.spec().servers().stream()
                .filter(each -> LentSecret.digest(hosts(each)).equals(claim.hosts()))
                .filter(each -> each.tls() != null && uses(each.tls(), claim))
                .findFirst();
        // The hosts of the server have changed: its proxy is about to ask under another name.
        if (server.isEmpty()) {
            return Verdict.NO;
        }
        var hosts = hosts(server.get());
        return known.stream().anyMatch(grant -> Lending.covers(grant, claim.secret(), claim.gateway(), hosts))
                ? Verdict.YES
                : Verdict.NO_MORE;
    }

    private static List<String> hosts(Server server) {
        return server.hosts().stream()
                .map(host -> Bindings.bareHost(host).toLowerCase(Locale.ROOT))
                .toList();
    }

    private static boolean uses(ServerTlsSettings tls, LentSecret claim) {
        var full = claim.lender() + "/" + claim.secret();
        return Stream.concat(
                        Stream.of(tls.credentialName(), tls.caCertCredentialName()), tls.credentialNames().stream())
                .anyMatch(name -> full.equals(name) || full.equals(name + "-cacert"));
    }

    @Override
    public Verdict names(FilePlace file, Node node) {
        var all = files.contains(file.certificate().toString())
                && file.second().map(path -> files.contains(path.toString())).orElse(true);
        return all ? Verdict.YES : Verdict.NO;
    }
}
