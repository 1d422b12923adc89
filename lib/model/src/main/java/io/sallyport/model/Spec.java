package io.sallyport.model;

/// The part of an object that says what is wanted: [Gateway], [VirtualService], and so on, one record for each [Kind].
public interface Spec {}
