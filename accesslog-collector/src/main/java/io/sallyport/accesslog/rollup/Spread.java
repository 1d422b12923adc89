package io.sallyport.accesslog.rollup;

/// How the durations of one cell are spread: a [Sketch], or one that still lies in its page, because most questions
/// show few of the cells that they count.
interface Spread {

    /// Adds to a table by place, from [Sketch#NONE] on.
    ///
    /// @return behind the last index that was added to; 0 without any
    int addTo(double[] weights);

    /// The same as a sketch.
    Sketch sketch();

    /// The same, as it is now.
    Spread kept();
}
