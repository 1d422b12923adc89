package io.sallyport.translation.egress;

/// What a client sees that is kept from leaving. `status` is 0 where no answer comes; `flags` are as in access logs.
public record Symptom(int status, String flags, String text) {}
