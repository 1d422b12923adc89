/// Rules about objects among others: references that lead nowhere (`SP2xxx`) and conflicts (`SP3xxx`). What they report
/// is stored; the smallest part that cannot be served is withheld. The door is
/// [io.sallyport.analysis.relation.RelationRules].
@NullMarked
package io.sallyport.analysis.relation;

import org.jspecify.annotations.NullMarked;
