package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.egress.v1.LockdownRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Text that closes the way around the proxies: `egress lockdown -o networkpolicy | kubectl apply -f -`.
@Command(
        name = "lockdown",
        description = "Print NetworkPolicies or nftables rules that close the way around the proxies.")
final class EgressLockdownCommand implements Callable<Integer> {

    // Istio's, and that of deploy/redirect.
    private static final long PROXY_USER = 1337;

    /// What is printed.
    enum Form {
        NETWORKPOLICY,
        NFTABLES
    }

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "networkpolicy|nftables",
            required = true,
            description = "For Kubernetes, or for one machine.")
    private Form form = Form.NETWORKPOLICY;

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "A namespace of clients. Repeatable. Default: those that the configuration names.")
    private List<String> namespaces = new ArrayList<>();

    @Option(
            names = "--proxy-user",
            paramLabel = "UID",
            description = "The user that the proxies run as. Default: 1337.")
    private long proxyUser = PROXY_USER;

    @Option(
            names = "--other-user",
            paramLabel = "UID",
            description = "A user that is no client and may send to other machines. Repeatable.")
    private List<Long> otherUsers = new ArrayList<>();

    @Option(
            names = "--dns",
            paramLabel = "ADDRESS",
            description = "A name server elsewhere that everybody may ask. Repeatable.")
    private List<String> nameServers = new ArrayList<>();

    EgressLockdownCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = LockdownRequest.newBuilder()
                .setForm(
                        switch (form) {
                            case NETWORKPOLICY -> LockdownRequest.Form.NETWORK_POLICY;
                            case NFTABLES -> LockdownRequest.Form.NFTABLES;
                        })
                .addAllNamespaces(namespaces)
                .setProxyUser(proxyUser)
                .addAllOtherUsers(otherUsers)
                .addAllNameServers(nameServers)
                .build();
        try (var connection = server.connect(dialer)) {
            terminal.printText(connection.egress(stub -> stub.lockdown(request)).getText());
        }
        return ExitCode.OK;
    }
}
