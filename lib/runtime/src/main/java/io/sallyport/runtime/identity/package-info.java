/// Who calls, and what they may do: decided once, here, for every door of every service. In come a
/// certificate or a token, and the name of the method; out comes the call with its caller noted, or a
/// refusal. A method that the table does not list is refused, and so is whoever cannot be asked about.
@NullMarked
package io.sallyport.runtime.identity;

import org.jspecify.annotations.NullMarked;
