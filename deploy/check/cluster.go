package main

import (
	"fmt"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// cluster is what one overlay makes.
type cluster struct {
	overlay string

	namespaces   map[string]*core.Namespace
	accounts     map[string]*core.ServiceAccount
	services     map[string]*core.Service
	configMaps   map[string]*core.ConfigMap
	workloads    []*workload
	autoscalers  map[string]*autoscaling.HorizontalPodAutoscaler
	budgets      map[string]*policy.PodDisruptionBudget
	policies     []*networking.NetworkPolicy
	priorities   map[string]*scheduling.PriorityClass
	certificates map[string]*certificate
	secretFiles  map[string]*secretProviderClass
}

// workload is what has a pod template.
type workload struct {
	kind     string
	replicas *int32
	meta.ObjectMeta
	selector *meta.LabelSelector
	template *core.PodTemplateSpec
}

func (w *workload) key() string { return w.Namespace + "/" + w.Name }

// forever says that it goes on until it is told to end.
func (w *workload) forever() bool { return w.kind != "Job" }

// certificate is cert-manager.io/v1, the fields that are used.
type certificate struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		SecretName string `json:"secretName"`
		IssuerRef  struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"issuerRef"`
		DNSNames    []string `json:"dnsNames"`
		IPAddresses []string `json:"ipAddresses"`
		PrivateKey  struct {
			Algorithm      string `json:"algorithm"`
			Size           int    `json:"size"`
			RotationPolicy string `json:"rotationPolicy"`
		} `json:"privateKey"`
		Usages      []string      `json:"usages"`
		Duration    meta.Duration `json:"duration"`
		RenewBefore meta.Duration `json:"renewBefore"`
	} `json:"spec"`
}

// secretProviderClass is secrets-store.csi.x-k8s.io/v1.
type secretProviderClass struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Provider   string `json:"provider"`
		Parameters struct {
			Secrets string `json:"secrets"`
		} `json:"parameters"`
	} `json:"spec"`
}

// secretFile is one of its entries.
type secretFile struct {
	ResourceName string `json:"resourceName"`
	Path         string `json:"path"`
}

func (s *secretProviderClass) files() ([]secretFile, error) {
	var files []secretFile
	return files, yaml.UnmarshalStrict([]byte(s.Spec.Parameters.Secrets), &files)
}

// egressNAT is networking.gke.io/v1.
type egressNAT struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Action       string `json:"action"`
		Destinations []struct {
			CIDR string `json:"cidr"`
		} `json:"destinations"`
	} `json:"spec"`
}

// decode makes a cluster of what Kustomize built. What is wrong with an object does
// not keep the others from being read.
func decode(overlay string, objects [][]byte) (*cluster, []string) {
	c := &cluster{
		overlay: overlay, namespaces: map[string]*core.Namespace{}, accounts: map[string]*core.ServiceAccount{}, services: map[string]*core.Service{},
		configMaps: map[string]*core.ConfigMap{}, autoscalers: map[string]*autoscaling.HorizontalPodAutoscaler{}, budgets: map[string]*policy.PodDisruptionBudget{},
		priorities: map[string]*scheduling.PriorityClass{}, certificates: map[string]*certificate{}, secretFiles: map[string]*secretProviderClass{},
	}
	var findings []string
	for _, text := range objects {
		var head struct {
			meta.TypeMeta   `json:",inline"`
			meta.ObjectMeta `json:"metadata"`
		}
		if err := yaml.Unmarshal(text, &head); err != nil {
			findings = append(findings, "decode: "+err.Error())
			continue
		}
		if err := c.add(head.GroupVersionKind().GroupVersion().String()+" "+head.Kind, text); err != nil {
			findings = append(findings, fmt.Sprintf("decode: %s %s/%s: %v", head.Kind, head.Namespace, head.Name, err))
		}
	}
	return c, findings
}

// add decodes an object of a kind that is used here; any other is an error, for
// nothing would look at it.
func (c *cluster) add(kind string, text []byte) error {
	switch kind {
	case "v1 Namespace":
		return put(c.namespaces, text)
	case "v1 ServiceAccount":
		return put(c.accounts, text)
	case "v1 Service":
		return put(c.services, text)
	case "v1 ConfigMap":
		return put(c.configMaps, text)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return put(c.autoscalers, text)
	case "policy/v1 PodDisruptionBudget":
		return put(c.budgets, text)
	case "scheduling.k8s.io/v1 PriorityClass":
		return put(c.priorities, text)
	case "cert-manager.io/v1 Certificate":
		return put(c.certificates, text)
	case "secrets-store.csi.x-k8s.io/v1 SecretProviderClass":
		return put(c.secretFiles, text)
	case "apps/v1 Deployment":
		return workloadOf(c, text, func(d *apps.Deployment) workload {
			return workload{"Deployment", d.Spec.Replicas, d.ObjectMeta, d.Spec.Selector, &d.Spec.Template}
		})
	case "apps/v1 StatefulSet":
		return workloadOf(c, text, func(s *apps.StatefulSet) workload {
			return workload{"StatefulSet", s.Spec.Replicas, s.ObjectMeta, s.Spec.Selector, &s.Spec.Template}
		})
	case "batch/v1 Job":
		return workloadOf(c, text, func(j *batch.Job) workload {
			return workload{"Job", nil, j.ObjectMeta, &meta.LabelSelector{MatchLabels: j.Spec.Template.Labels}, &j.Spec.Template}
		})
	case "networking.k8s.io/v1 NetworkPolicy":
		p, err := typed[networking.NetworkPolicy](text)
		c.policies = append(c.policies, p)
		return err
	case "rbac.authorization.k8s.io/v1 ClusterRole":
		return only[rbac.ClusterRole](text)
	case "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
		return only[rbac.ClusterRoleBinding](text)
	case "storage.k8s.io/v1 StorageClass":
		return only[storage.StorageClass](text)
	case "networking.gke.io/v1 EgressNATPolicy":
		return only[egressNAT](text)
	}
	return fmt.Errorf("no check knows %s", kind)
}

func only[T any](text []byte) error {
	_, err := typed[T](text)
	return err
}

// put decodes into a map by namespace and name.
func put[T any, P interface {
	*T
	meta.Object
}](into map[string]P, text []byte) error {
	object, err := typed[T](text)
	if err != nil {
		return err
	}
	p := P(object)
	key := p.GetName()
	if p.GetNamespace() != "" {
		key = p.GetNamespace() + "/" + key
	}
	into[key] = p
	return nil
}

func workloadOf[T any](c *cluster, text []byte, convert func(*T) workload) error {
	object, err := typed[T](text)
	if err != nil {
		return err
	}
	w := convert(object)
	c.workloads = append(c.workloads, &w)
	return nil
}
