package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.YamlDocuments;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// The webhook as a process of its own, for tests that give it little memory. Prints its port and, in a
/// second line, its authority.
final class SmallWebhook {

    private SmallWebhook() {}

    public static void main(String[] arguments) throws Exception {
        var settings = new AdmissionSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                List.of("127.0.0.1"),
                Optional.empty(),
                Optional.empty());
        // It asks no API server, wherever KUBECONFIG leads.
        try (var client =
                        new KubernetesClientBuilder().withConfig(Config.empty()).build();
                var server = AdmissionServer.start(
                        settings,
                        client,
                        new Review(new YamlDocuments(new Inspections()), _ -> List.of()),
                        InstantSource.system(),
                        new SecureRandom(),
                        AdmissionServerTest.DEADLINE)) {
            System.out.println(server.port());
            System.out.println(
                    Base64.getEncoder().encodeToString(server.authority().getEncoded()));
            // Until it is killed, or the test that started it has ended.
            while (System.in.read() >= 0) {}
        }
    }
}
