/// The page of the access logs for people with a browser: what happened, when, by which rule, and how much of it is
/// known. In come addresses that hold the whole state of the page; out goes HTML, made from the answers of
/// `AccessLogService` to the person's own token, so that nobody sees more here than by any other way.
@NullMarked
package io.sallyport.accesslog.web;

import org.jspecify.annotations.NullMarked;
