/// Container images of the services, made from the built jars without a container engine. In go the folder of jars and
/// a base, out come archives in the format of the Open Container Initiative, equal for equal input.
@NullMarked
package io.sallyport.images;

import org.jspecify.annotations.NullMarked;
