public enum BPFFilesystem {
    public static let path = "/sys/fs/bpf"
}
