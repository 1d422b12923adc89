/// Where secrets come from: `v1` Secret documents and directories of certificate mounts. In come files; out come
/// entries by secret name. No other service reads these values.
@NullMarked
package io.sallyport.secret.source;

import org.jspecify.annotations.NullMarked;
