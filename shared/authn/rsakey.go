package authn

import (
	"crypto/rsa"
	"errors"
	"math/big"
)

// Sizes of RSA keys, in bits. NIST SP 800-131A forbids less; more costs too
// much time per token.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

var (
	errRSASize     = errors.New("RSA modulus has fewer than 2048 or more than 8192 bits, or is even")
	errRSAExponent = errors.New("RSA exponent is not an odd number from 3 to 2³¹-1")
	errRSAWeak     = errors.New("RSA modulus has the mark of the ROCA weakness (CVE-2017-15361)")
)

func parseRSA(o object) (*rsa.PublicKey, error) {
	modulus, okN := o.bytes("n")
	exponent, okE := o.bytes("e")
	// RFC 7518 §2, Base64urlUInt: as few octets as possible.
	if !okN || !okE || modulus[0] == 0 || exponent[0] == 0 {
		return nil, errKeyValue
	}
	n := new(big.Int).SetBytes(modulus)
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits || n.Bit(0) == 0 {
		return nil, errRSASize
	}
	e := new(big.Int).SetBytes(exponent)
	if e.BitLen() > 31 || e.Bit(0) == 0 || e.Int64() < 3 {
		return nil, errRSAExponent
	}
	if hasROCA(n) {
		return nil, errRSAWeak
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// rocaPrimes are the odd primes to 167.
var rocaPrimes = [...]uint64{
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
}

// hasROCA reports whether n was made by the weak generator of Infineon's chips,
// whose primes, and so their products, are powers of 65537 modulo every small
// prime (Nemec et al., "The Return of Coppersmith's Attack", 2017, §2.2). A
// sound modulus looks so by chance once in 2²⁷.
func hasROCA(n *big.Int) bool {
	rest, divisor := new(big.Int), new(big.Int)
	for _, p := range rocaPrimes {
		if !isPowerOf65537(rest.Mod(n, divisor.SetUint64(p)).Uint64(), p) {
			return false
		}
	}
	return true
}

func isPowerOf65537(residue, p uint64) bool {
	for power := uint64(1); ; {
		if power == residue {
			return true
		}
		if power = power * 65537 % p; power == 1 {
			return false
		}
	}
}
