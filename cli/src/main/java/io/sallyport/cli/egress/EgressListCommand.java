package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.proto.egress.v1.ExternalService;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The places outside that objects declare, and who sees them.
@Command(name = "list", description = "Show the places outside that objects declare, and who sees them.")
final class EgressListCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private EgressOptions options = new EgressOptions();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "",
            description = "Only what this namespace sees.")
    private String namespace = "";

    EgressListCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request =
                ListExternalServicesRequest.newBuilder().setNamespace(namespace).build();
        try (var connection = options.server().connect(dialer)) {
            var response = connection.egress(stub -> stub.listExternalServices(request));
            if (options.isJson()) {
                terminal.printJson(Json.of(response));
                return ExitCode.OK;
            }
            if (response.getServicesCount() == 0) {
                terminal.complain(
                        "no place outside is declared (expected: a ServiceEntry with location MESH_EXTERNAL, or an EgressPolicy)");
                return ExitCode.OK;
            }
            var table = new Table("HOST", "PORTS", "RESOLUTION", "ADDRESSES", "SEEN BY", "EXPIRES", "OBJECT");
            for (var service : response.getServicesList()) {
                table.row(
                        service.getHost(),
                        service.getPortsList().stream()
                                .map(port -> port.getNumber() + " " + port.getProtocol())
                                .collect(Collectors.joining(", ")),
                        service.getResolution(),
                        addresses(service),
                        String.join(", ", service.getVisibleToList()),
                        expires(service),
                        service.getLocation().getRef().getNamespace() + "/"
                                + service.getLocation().getRef().getName() + Words.place(service.getLocation()));
            }
            table.print(terminal);
        }
        return ExitCode.OK;
    }

    // The IPv6 address that goes with an automatic one is in the JSON.
    private static String addresses(ExternalService service) {
        return service.getAutomaticAddressesCount() > 0
                ? service.getAutomaticAddresses(0) + " (automatic)"
                : String.join(", ", service.getAddressesList());
    }

    private static String expires(ExternalService service) {
        return switch (service.getStanding()) {
            case ENDED -> service.getExpires() + " (ended: nothing is allowed)";
            case ENDS_SOON -> service.getExpires() + " (soon)";
            case STANDING_UNSPECIFIED, UNRECOGNIZED -> service.getExpires();
        };
    }
}
