package io.sallyport.cli.egress;

import io.sallyport.cli.server.ServerOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What all questions about egress have in common: whom to ask, and in which form to answer.
final class EgressOptions {

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            defaultValue = "TEXT",
            description = "How to answer. Default: text.")
    private EgressForm form = EgressForm.TEXT;

    ServerOptions server() {
        return server;
    }

    boolean isJson() {
        return form == EgressForm.JSON;
    }
}
