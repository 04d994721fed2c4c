package httpapi

// patchOf returns the body of a PATCH, which may come under two media types: as
// a merge patch (RFC 7396), or as JSON, which is read as one. The validator has
// seen to it that there is a body.
func patchOf[T any](merge, json *T) T {
	switch {
	case merge != nil:
		return *merge
	case json != nil:
		return *json
	}
	var nothing T
	return nothing
}

// textsOf is a list of names as the API has them: never null.
func textsOf[T ~string](names []T) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return texts
}

// namesOf is the reverse of textsOf; nil remains nil.
func namesOf[T ~string](texts *[]string) []T {
	if texts == nil {
		return nil
	}
	names := make([]T, len(*texts))
	for i, text := range *texts {
		names[i] = T(text)
	}
	return names
}
