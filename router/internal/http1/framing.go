package http1

// framing reads where the body ends (RFC 9112 §6). A length of -1 means that
// none was given.
func (h *header) framing(http10 bool) (length int64, chunked bool, err error) {
	lengths, codings := h.count[ContentLength], h.count[TransferEncoding]
	for i := range h.Fields {
		f := &h.Fields[i]
		if (f.ID == Other || f.ID == Disguised) && looksLikeFraming(f.Name) {
			return 0, false, errFraming
		}
	}
	switch {
	case lengths+codings > 1:
		return 0, false, errFraming
	case codings == 1 && http10:
		return 0, false, errOldChunked
	case codings == 1:
		if !equalFold(h.Get(TransferEncoding), "chunked") {
			return 0, false, ErrCoding
		}
		return -1, true, nil
	case lengths == 1:
		length, err = parseLength(h.Get(ContentLength))
		return length, false, err
	}
	return -1, false, nil
}

// parseLength reads 1*DIGIT.
func parseLength(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 18 {
		return 0, errLength
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, errLength
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}
