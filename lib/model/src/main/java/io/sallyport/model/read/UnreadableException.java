package io.sallyport.model.read;

/// Ends the reading of one document; the reader turns it into a finding.
final class UnreadableException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    UnreadableException(Problem problem) {
        super(problem.message(), null, false, false);
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }
}
