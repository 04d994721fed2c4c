package policy

import "github.com/coditect/platform/shared/directory"

// plan holds a plan's limits by class.
type plan struct{ limits [maxClasses]*directory.Limit }

func (r *Rules) compilePlan(in Plan) *plan {
	p := &plan{}
	for i := range in.Limits {
		p.limits[r.class(in.Limits[i].Class)] = &in.Limits[i]
	}
	return p
}

// Limit returns what bounds a tenant in a class, or nil if nothing does: the
// tenant's own limit if it has one for the class, and otherwise its plan's.
func (r *Rules) Limit(planName string, edge *directory.EdgePolicy, class Class) *directory.Limit {
	if edge != nil {
		for i := range edge.Limits {
			if l := &edge.Limits[i]; l.Class == r.classes[class] {
				return l
			}
		}
	}
	p, ok := r.plans[planName]
	if !ok {
		p = r.defaultPlan
	}
	return p.limits[class]
}

// MaxBody returns the longest body, in octets, that a tenant may send in a
// class: the smaller of the class's bound and that of all classes. 0: unbounded.
func (r *Rules) MaxBody(planName string, edge *directory.EdgePolicy, class Class) int64 {
	var most int64
	for _, c := range [...]Class{All, class} {
		if l := r.Limit(planName, edge, c); l != nil && l.MaxBody > 0 && (most == 0 || l.MaxBody < most) {
			most = l.MaxBody
		}
	}
	return most
}
