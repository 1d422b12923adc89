package io.sallyport.cli.egress;

/// Forms of an answer.
enum EgressForm {
    TEXT,
    JSON
}
