package io.sallyport.model;

/// A rule's permanent number: `SP2101`. `SP1xxx` one object is wrong and refused; `SP2xxx` references and `SP3xxx`
/// conflicts, stored and withheld; `SP4xxx` risky but legal. `title` is the claim in a few words.
public record RuleCode(String id, Severity severity, String title) {}
