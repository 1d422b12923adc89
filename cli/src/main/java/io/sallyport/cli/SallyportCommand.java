package io.sallyport.cli;

import picocli.CommandLine.Command;

/// The word `sallyport` itself: without a subcommand it says what there is.
@Command(
        name = "sallyport",
        description = "Ingress and egress gateways: Istio's resources in, real Envoy out.",
        synopsisSubcommandLabel = "COMMAND")
final class SallyportCommand {}
