/// gRPC as Sallyport uses it: bounded servers with health and reflection, the token check, and channels.
/// In come services and limits; out come listening sockets or in-process names, and the channels that reach them.
/// Every limit has a value here, so a service cannot forget one.
@NullMarked
package io.sallyport.runtime.rpc;

import org.jspecify.annotations.NullMarked;
