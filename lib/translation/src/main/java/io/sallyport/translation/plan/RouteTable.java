package io.sallyport.translation.plan;

import org.pcollections.PSortedMap;

/// The sites behind one port, by host. A request goes to the site of its exact host, else to the longest wildcard that
/// covers it (`*.shop.test` covers `a.b.shop.test`), else to `*`, else it is answered 404. The port in a request's host
/// does not count, nor does its case.
///
/// Persistent: the table after an edit shares every site that the edit does not touch, as the same object. A table
/// without sites answers 404 to everything. `serverPort` is the gateway's port, before it is mapped to the bound one.
public record RouteTable(RouteTableId id, int serverPort, PSortedMap<String, Site> sites) {}
