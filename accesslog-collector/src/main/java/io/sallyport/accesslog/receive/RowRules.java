package io.sallyport.accesslog.receive;

/// What is done to rows before anything is written: which are kept, and what is taken out of them.
public record RowRules(SamplingRules sampling, PrivacyRules privacy) {

    /// All are kept, without what is never kept.
    public static final RowRules NONE = new RowRules(SamplingRules.ALL, PrivacyRules.NONE);
}
