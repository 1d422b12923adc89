package io.sallyport.cli.server;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.proto.config.v1.Findings;
import java.util.List;

/// A server's answer to a change that it refuses, with all the reasons.
public final class RefusedException extends CommandFailedException {

    private static final long serialVersionUID = 1L;

    private final transient Findings findings;

    RefusedException(String message, Findings findings) {
        super(ExitCode.NO, message);
        this.findings = findings;
    }

    public Findings response() {
        return findings;
    }

    public List<ReportedFinding> findings() {
        return WireFindings.reported(findings.getFindingsList());
    }
}
